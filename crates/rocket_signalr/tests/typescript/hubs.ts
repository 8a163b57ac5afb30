// Made by rocket_signalr from the hubs in Rust: changes belong there.

import type { HubConnection, IStreamResult } from "@microsoft/signalr";

/** What clients call on `ChatHub`. */
export interface ChatHubMethods {
  /**
   * Says something to all.
   *
   * Only those who are connected hear it.
   */
  SendMessage(message: Message): Promise<void>;
  Page(from: number, pageSize?: number | null): Promise<Page<Message>>;
  Pages(argument1: [number, number]): Promise<Page<Page<number>>>;
  Countdown(from: number): IStreamResult<number>;
  Quotients(of: number): IStreamResult<[number, boolean]>;
  /** Takes two streams. */
  Average(weight: number | null | undefined, numbers: IStreamResult<number>, more: IStreamResult<unknown>): Promise<number>;
  Untold(default_: unknown): Promise<unknown>;
  Opaque(): Promise<unknown>;
  CountBy(of: Empty): Promise<{ [key in string]: number }>;
}

/** What clients are called with by `ChatHub`. */
export interface ChatHubEvents {
  /** Somebody has said something. */
  receiveMessage(message: Message, seenBy: Array<string>): void;
  "here-now"(count: number, new_: boolean): void;
  /** Asks one client. */
  ask(question: string, choices: string | null): boolean | null | Promise<boolean | null>;
  anything(value: unknown, untold: unknown): void;
  closing(): void;
}

/** What clients call on `ThingHub`. */
export interface ThingHubMethods {
  Thing(): Promise<unknown>;
  Text(): Promise<string>;
}

/** What clients are called with by `ThingHub`. */
export interface ThingHubEvents {
}

/** The hubs by path. */
export interface Hubs {
  "/hubs/chat": { methods: ChatHubMethods; events: ChatHubEvents };
  "/things": { methods: ThingHubMethods; events: ThingHubEvents };
  "/hubs/again": { methods: ChatHubMethods; events: ChatHubEvents };
}

export type Empty = Record<symbol, never>;

export type Kind = "plain" | "emote" | { "picture": { wideBy: number; high: number } };

/**
 * A message, with *\/ in its comment
 * and a second line.
 */
export type Message = {
  /** Who has said it. */
  sentBy: string;
  text: string;
  sentAt: string;
  url: string | null;
  kind: Kind;
  replies: Array<Message>;
};

/** Some of many. */
export type Page<T> = {
  items: Array<T>;
  nextPage: number | null;
};

type TypedArguments<F> = F extends (...args: infer A) => unknown ? A : never;
type TypedResult<F> = F extends (...args: never) => Promise<infer R> ? R : never;
type TypedItem<F> = F extends (...args: never) => IStreamResult<infer I> ? I : never;
type TypedInvoke<T> = { [K in keyof T]: T[K] extends (...args: never) => Promise<unknown> ? K : never }[keyof T] & string;
type TypedStream<T> = { [K in keyof T]: T[K] extends (...args: never) => IStreamResult<unknown> ? K : never }[keyof T] & string;

/**
 * The connection to the hub at a path, which knows its methods and events:
 * `const hub: TypedConnection<"/path"> = new HubConnectionBuilder().withUrl("/path").build();`
 */
export interface TypedConnection<
  Path extends keyof Hubs,
  Methods = Hubs[Path]["methods"],
  Events = Hubs[Path]["events"],
> extends Omit<HubConnection, "invoke" | "off" | "on" | "send" | "stream"> {
  /** Calls a method and waits for its result. */
  invoke<M extends TypedInvoke<Methods>>(method: M, ...args: TypedArguments<Methods[M]>): Promise<TypedResult<Methods[M]>>;
  /** Calls a method without waiting for it. */
  send<M extends TypedInvoke<Methods>>(method: M, ...args: TypedArguments<Methods[M]>): Promise<void>;
  /** Calls a method that answers with a stream. */
  stream<M extends TypedStream<Methods>>(method: M, ...args: TypedArguments<Methods[M]>): IStreamResult<TypedItem<Methods[M]>>;
  /** Registers a handler of an event. One that has a result answers the server. */
  on<E extends keyof Events & string>(
    event: E,
    handler: (...args: TypedArguments<Events[E]>) => Events[E] extends (...args: never) => infer R ? R : never,
  ): void;
  /** Removes a handler of an event, or all of them. */
  off<E extends keyof Events & string>(event: E, handler?: (...args: TypedArguments<Events[E]>) => unknown): void;
}
