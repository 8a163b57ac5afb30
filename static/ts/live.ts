// Live values: one connection for each hub, kept up for as long as the page is open.

import { HubConnectionBuilder, HubConnectionState, LogLevel } from "@microsoft/signalr";
import type { HubConnection, IStreamResult } from "@microsoft/signalr";
import { connectionChanged } from "./connection-bar";

export { stale } from "./stale";

/** What a page does with a hub. */
export interface Live {
  readonly connected: boolean;
  /** Calls `handler` with the arguments of every such event. */
  on<Args extends unknown[]>(event: string, handler: (...args: Args) => void): void;
  /** Calls a method of the hub. Rejects when it fails, or when there is no connection. */
  invoke<T>(method: string, ...args: unknown[]): Promise<T>;
  stream<T>(method: string, ...args: unknown[]): IStreamResult<T>;
  /**
   * Runs at the first connect and after every reconnect. Both sides then assume that they
   * are out of date: subscribe here, and take over the answer.
   */
  whenConnected(action: (hub: Live) => Promise<unknown>): void;
}

const delays = [0, 2, 5, 10, 15]; // seconds; the last one again and again

class Connection implements Live {
  readonly #connection: HubConnection;
  readonly #actions: ((hub: Live) => Promise<unknown>)[] = [];
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** When it was lost, and when it is tried again; undefined while connected. */
  lostAt: number | undefined = Date.now();
  nextTryAt: number | undefined;

  constructor(path: string) {
    this.#connection = new HubConnectionBuilder()
      .withUrl(path)
      .configureLogging(LogLevel.None) // the bar says what is wrong
      .build();
    this.#connection.onclose(() => this.#retry());
    void this.#start();
  }

  get connected(): boolean {
    return this.#connection.state === HubConnectionState.Connected;
  }

  on<Args extends unknown[]>(event: string, handler: (...args: Args) => void): void {
    this.#connection.on(event, handler as (...args: unknown[]) => void);
  }

  invoke<T>(method: string, ...args: unknown[]): Promise<T> {
    return this.#connection.invoke<T>(method, ...args);
  }

  stream<T>(method: string, ...args: unknown[]): IStreamResult<T> {
    return this.#connection.stream<T>(method, ...args);
  }

  whenConnected(action: (hub: Live) => Promise<unknown>): void {
    this.#actions.push(action);
    if (this.connected) this.#run(action);
  }

  /** Ends the waiting for the next try. */
  tryNow(): void {
    if (this.nextTryAt === undefined) return;
    clearTimeout(this.#timer);
    void this.#start();
  }

  async #start(): Promise<void> {
    this.nextTryAt = undefined;
    connectionChanged(all());
    try {
      await this.#connection.start();
    } catch {
      this.#retry();
      return;
    }
    this.#failures = 0;
    this.lostAt = undefined;
    connectionChanged(all());
    for (const action of this.#actions) this.#run(action);
  }

  #run(action: (hub: Live) => Promise<unknown>): void {
    action(this).catch((error: unknown) => {
      // A connection that went meanwhile runs it again when it is back.
      if (this.connected) console.error(error);
    });
  }

  /** Waits for a while, a little more or less so that not all come back at once. */
  #retry(): void {
    this.lostAt ??= Date.now();
    const seconds = delays[Math.min(this.#failures++, delays.length - 1)] ?? 0;
    const wait = 1000 * (seconds * (0.8 + 0.4 * Math.random()) + 0.2 * Math.random());
    this.nextTryAt = Date.now() + wait;
    this.#timer = setTimeout(() => void this.#start(), wait);
    connectionChanged(all());
  }
}

const connections = new Map<string, Connection>();

function all(): Connection[] {
  return [...connections.values()];
}

/** The connection to the hub at `path`, shared by all scripts of the page. */
export function hub(path: string): Live {
  const known = connections.get(path);
  if (known) return known;
  const connection = new Connection(path);
  connections.set(path, connection);
  return connection;
}

function tryAllNow(): void {
  for (const connection of connections.values()) connection.tryNow();
}

addEventListener("online", tryAllNow);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tryAllNow();
});
