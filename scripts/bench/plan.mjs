// What is measured, and which figures of it the page shows.

/** Everything that is measured, by what it tells about. */
export function themes({ rounds, moreRounds, clients, idleSeconds, adverseSeconds }) {
  const [few, some, many] = [1000, 5000, 10_000].map(clients);
  const members = 10; // of a group
  const calls = 10 * few; // a second

  const scenario = (name, command, options) => ({ name, command, options, rounds, floor: "sockets" });
  const broadcast = (kind, options) =>
    scenario(`${kind} to ${count(options.connections)} clients`, "broadcast", options);
  const often = (scenario) => ({ ...scenario, rounds: moreRounds });
  const paced = (kind, options) => often(broadcast(kind, options));
  // Sent by the server: the floor takes no calls.
  const inRocket = (kind, options) => ({ ...paced(kind, { ...options, through: "post" }), floor: "rocket" });

  const calm = paced("paced broadcast", { connections: few, rate: 20 });
  const wide = paced("paced broadcast", { connections: some, rate: 4 });
  const wider = paced("paced broadcast", { connections: many, rate: 2 });
  const brisk = paced("brisk broadcast", { connections: few, rate: 50 });
  const burst = broadcast("burst", { connections: few, rate: 100, burst: 200 });
  const packed = broadcast("MessagePack broadcast", { connections: few, rate: 20, protocol: "messagepack" });
  const events = inRocket("Server-Sent Events", { connections: few, rate: 20, transport: "sse" });
  const polls = inRocket("long polling", { connections: few, rate: 5, transport: "longpolling" });
  const echo = scenario("calls", "echo", { connections: few, rate: calls });
  const packedEcho = scenario("MessagePack calls", "echo", { ...echo.options, protocol: "messagepack" });
  const connect = often(scenario("connecting", "connect", { connections: some }));
  const idle = scenario("idle", "idle", { connections: many, duration: idleSeconds });
  const adverse = scenario("some stop reading", "adverse", {
    connections: clients(200),
    stuck: 1,
    duration: adverseSeconds,
  });
  const groups = scenario("groups", "group", { connections: few, groups: few / members, rate: 2 * few });

  const delays = (scenario) =>
    ["p50", "p99"].map((share) =>
      row(`${share} at ${count(deliveries(scenario))} deliveries a second`, scenario, `delay ${share}`, 1.1),
    );

  return [
    {
      title: "Broadcasts, one message at a time",
      text: "The server's CPU time for each message that reached a client, when messages are so far apart that nothing waits.",
      rows: [calm, wide, wider].map((scenario) =>
        row(`to ${count(scenario.options.connections)} clients`, scenario, "CPU per delivery", 1.1),
      ),
    },
    {
      title: "Broadcasts, many at once",
      text: "The same, when 200 messages are due at the same moment. The floor makes a system call for each; a server that writes together what waits goes far below it.",
      rows: [row(`200 back to back to ${count(few)} clients`, burst, "CPU per delivery", 0.12)],
    },
    {
      title: "Delays",
      text: `How late the messages of a broadcast to ${count(few)} clients came, counted from when they were due.`,
      rows: [...delays(calm), ...delays(brisk)],
    },
    {
      title: "Calls",
      text: `The server's CPU time for a call of a hub method that answers with its argument. ${count(few)} clients call in turn.`,
      rows: [row(`${count(calls)} calls a second`, echo, "CPU per call", 1.3)],
    },
    {
      title: "Connections",
      text: `What it takes to make a connection (negotiation, upgrade, handshake), and to keep one of ${count(many)} that do nothing but keep-alives.`,
      rows: [
        row("CPU of a connection made", connect, "CPU per connection made", 2.5),
        row("CPU of an idle connection and second", idle, "CPU per connection and second", 2),
        {
          ...row("RSS of a further idle connection (kB, no ratio)", idle, "memory per connection", 3),
          plain: true,
        },
      ],
    },
    {
      title: "Clients that stop reading",
      text: `One in a hundred of ${count(clients(200))} clients stops reading, and at least one, while all are sent 10 KB a hundred times a second. Measured are the others, their delays from when a message was due.`,
      rows: [
        row("delay p99", adverse, "delay p99"),
        row("CPU of a delivery", adverse, "CPU per delivery"),
      ],
    },
    {
      title: "Groups",
      text: `The server's CPU time for each message that reached a client, when messages go to small groups, one after the other.`,
      rows: [row(`groups of ${members}, ${count(few / members)} of them`, groups, "CPU per delivery")],
    },
    {
      title: "MessagePack",
      text: "The same as above, in the other encoding. The floor speaks it too; ASP.NET Core is measured with JSON only.",
      rows: [
        row(`paced broadcast to ${count(few)} clients`, packed, "CPU per delivery"),
        row(`${count(calls)} calls a second`, packedEcho, "CPU per call"),
      ],
    },
    {
      title: "Other transports",
      text: `A paced broadcast to ${count(few)} clients where WebSockets cannot be had. What is sent here is a response of Rocket: it is handed from task to task before it is written, and each poll is a request that is read, routed and answered. No server in Rocket can do without, and so the floor is another one here: **Rocket's floor**, a [small Rocket application](crates/rocket_signalr/benches/rocket_floor/main.rs) that sends the same answers and does nothing else on these transports, without hubs, pings and limits. How far it lies above bare sockets is seen beside the first table of this page, in microseconds.`,
      rows: [
        row("Server-Sent Events", events, "CPU per delivery"),
        row("long polling", polls, "CPU per delivery"),
      ],
    },
  ];
}

function row(title, scenario, figure, target) {
  return { title, scenario, figure, target };
}

function deliveries({ options }) {
  return options.connections * options.rate;
}

/** What a server is called: A is ours, B the reference. */
export function nameOf(server, { floor }) {
  const floors = { sockets: "the floor", rocket: "Rocket's floor" };
  return { A: "rocket_signalr", B: "ASP.NET Core", floor: floors[floor] }[server];
}

/** A scenario is measured once, however many rows show it. */
export function scenariosOf(themes) {
  return [...new Set(themes.flatMap((theme) => theme.rows.map((row) => row.scenario)))];
}

/** The figure that tells how much was done in a second, where that is by a schedule. */
export function paceOf({ command, options }) {
  const figures = { broadcast: "deliveries", group: "deliveries", echo: "calls answered" };
  return options.burst ? undefined : figures[command];
}

export function count(number) {
  return Math.round(number).toLocaleString("en-US");
}
