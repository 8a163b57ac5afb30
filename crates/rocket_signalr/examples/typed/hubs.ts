// Made by rocket_signalr from the hubs in Rust: changes belong there.

import type { HubConnection, IStreamResult } from "@microsoft/signalr";

/** What clients call on `TasksHub`. */
export interface TasksHubMethods {
  All(): Promise<Array<Task>>;
  /** Returns the number of the task. */
  Add(title: string): Promise<number>;
  /** Asks the client before it is done. */
  Finish(number: number): Promise<void>;
}

/** What clients are called with by `TasksHub`. */
export interface TasksHubEvents {
  /** A task was added, or is done. */
  changed(number: number, task: Task): void;
  /** Whether the client's user is sure of it. */
  confirm(question: string): boolean | Promise<boolean>;
}

/** The hubs by path. */
export interface Hubs {
  "/tasks": { methods: TasksHubMethods; events: TasksHubEvents };
}

/** What somebody has to do. */
export type Task = {
  title: string;
  doneAt: string | null;
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
