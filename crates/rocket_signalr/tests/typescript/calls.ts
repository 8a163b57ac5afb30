// What the compiler says of calls, right and wrong ones: `hubs.ts` is what the library writes, which
// its Rust tests compare. Nothing of this runs.

import { HubConnectionBuilder, Subject } from "@microsoft/signalr";
import type { IStreamResult } from "@microsoft/signalr";
import type { Hubs, Message, Page, TypedConnection } from "./hubs";

/** Compiles only if both types are the same. */
function is<Expected>(): <Given>(given: Given, same: Same<Expected, Given>) => void {
  return () => {};
}
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

const build = (path: keyof Hubs) => new HubConnectionBuilder().withUrl(path).build();
const chat: TypedConnection<"/hubs/chat"> = build("/hubs/chat");
const things: TypedConnection<"/things"> = build("/things");

// @ts-expect-error: there is no hub
export type None = TypedConnection<"/nothing">;

export async function results(message: Message): Promise<void> {
  await chat.start();
  is<Promise<void>>()(chat.invoke("SendMessage", message), true);
  is<Promise<Page<Message>>>()(chat.invoke("Page", 1), true);
  is<Promise<Page<Page<number>>>>()(chat.invoke("Pages", [1, 2]), true);
  is<Promise<unknown>>()(chat.invoke("Opaque"), true);
  is<Promise<string>>()(things.invoke("Text"), true);
  is<Promise<void>>()(chat.send("SendMessage", message), true);
  const page = await chat.invoke("Page", 1, null);
  is<string | undefined>()(page.items[0]?.sentBy, true);
  is<number | null>()(page.nextPage, true);
  is<string | null>()(message.url, true);

  // @ts-expect-error: another type of result
  is<Promise<string>>()(chat.invoke("Page", 1), true);
  // @ts-expect-error: no such method
  await chat.invoke("SendMassage", message);
  // @ts-expect-error: a method of another hub
  await chat.invoke("Text");
  // @ts-expect-error: an argument is missing
  await chat.invoke("SendMessage");
  // @ts-expect-error: an argument too many
  await chat.invoke("Opaque", 1);
  // @ts-expect-error: another type
  await chat.invoke("Page", "1");
  // @ts-expect-error: a payload without all of its properties
  await chat.invoke("SendMessage", { sentBy: "ann" });
  // @ts-expect-error: a property as it is spelled in Rust
  page.items[0]?.sent_by;
  // @ts-expect-error: no such method
  await chat.send("Nothing");
}

export function streams(): void {
  is<IStreamResult<number>>()(chat.stream("Countdown", 3), true);
  is<IStreamResult<[number, boolean]>>()(chat.stream("Quotients", 1), true);
  const numbers = new Subject<number>();
  is<Promise<number>>()(chat.invoke("Average", undefined, numbers, new Subject<string>()), true);
  void chat.invoke("Average", 0.5, chat.stream("Countdown", 3), numbers);

  // @ts-expect-error: it answers with a stream
  void chat.invoke("Countdown", 3);
  // @ts-expect-error: it answers with one result
  chat.stream("Page", 1);
  // @ts-expect-error: a stream of something else
  void chat.invoke("Average", null, new Subject<string>(), numbers);
}

export function events(): void {
  chat.on("receiveMessage", (message, seenBy) => {
    is<Message>()(message, true);
    is<string[]>()(seenBy, true);
  });
  const closing = async () => {};
  chat.on("closing", closing);
  chat.off("closing", closing);
  chat.off("closing");
  chat.on("here-now", (count: number) => console.log(count));
  chat.on("ask", (question, choices) => question === choices);
  chat.on("ask", async () => null);

  // @ts-expect-error: no such event
  chat.on("received", () => {});
  // @ts-expect-error: another type of argument
  chat.on("here-now", (count: string) => console.log(count));
  // @ts-expect-error: an argument that is never given
  chat.on("closing", (reason: string) => console.log(reason));
  // @ts-expect-error: the server asks for a result
  chat.on("ask", () => {});
  // @ts-expect-error: a result of another type
  chat.on("ask", () => "yes");
  // @ts-expect-error: the hub calls nothing on its clients
  things.on("closing", () => {});
}
