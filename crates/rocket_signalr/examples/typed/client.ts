// A client that knows the hub: a wrong name or argument does not compile.

import { HubConnectionBuilder } from "@microsoft/signalr";
import type { TypedConnection } from "./hubs";

const tasks: TypedConnection<"/tasks"> = new HubConnectionBuilder()
  .withUrl("http://127.0.0.1:8000/tasks")
  .build();

tasks.on("changed", (number, task) => console.log(number, task.title, task.doneAt ?? "to be done"));
tasks.on("confirm", (question) => question !== "");

await tasks.start();
const number = await tasks.invoke("Add", "Write it down");
await tasks.invoke("Finish", number);
console.log(await tasks.invoke("All"));
await tasks.stop();
