import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { type AddressInfo, createServer as createTcp } from "node:net";
import { MnoError } from "../../../runtime/exports";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Incident } from "../../../runtime/security/security-intelligence/incidents/incident";
import { MIGRATIONS } from "../../../runtime/security/security-intelligence/migrations";
import type { Channel, Message } from "../../../runtime/security/security-intelligence/notifications/channel";
import { Dispatcher, MAX_ATTEMPTS } from "../../../runtime/security/security-intelligence/notifications/dispatcher";
import { send } from "../../../runtime/security/security-intelligence/notifications/send";
import { syslogText } from "../../../runtime/security/security-intelligence/notifications/syslog";
import { silent } from "../auto-scaling-engine/fakes";

const NOW = Date.UTC(2026, 0, 1);
const MESSAGE: Message = {
  id: "inc_1-open-4",
  incident: "inc_1",
  title: "Credential <stuffing>",
  status: "open",
  severity: 4,
  confidence: 0.9,
  entities: ['address:1.2.3.4"]\\'],
  techniques: ["T1110.004"],
  alertCount: 2,
  time: new Date(NOW).toISOString(),
};
const INCIDENT: Incident = {
  id: "inc_1",
  status: "open",
  title: "T",
  severity: 4,
  confidence: 0.9,
  firstTime: NOW,
  lastTime: NOW,
  entities: [{ kind: "user", id: "ann" }],
  tactics: [],
  techniques: [],
  rules: {},
  alertCount: 1,
  history: [],
};

describe("security intelligence: sending notifications", () => {
  it("signs webhooks over time and body", async () => {
    const seen: { headers: Record<string, unknown>; body: string }[] = [];
    const server = createHttp((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        seen.push({ headers: request.headers, body });
        response.writeHead(seen.length === 2 ? 500 : 200).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
      const secret = "0123456789abcdef";
      await send({ kind: "webhook", name: "w", url, secret }, MESSAGE, NOW, "h");
      const [{ headers, body }] = seen as [(typeof seen)[0]];
      const expected = createHmac("sha256", secret)
        .update(`${headers["x-mno-timestamp"] as string}.${body}`)
        .digest("hex");
      assert.equal(headers["x-mno-signature"], `v1=${expected}`);
      assert.deepEqual(JSON.parse(body), MESSAGE);
      await assert.rejects(send({ kind: "slack", name: "s", url }, MESSAGE, NOW, "h"), (error: MnoError) => {
        assert.equal(error.code, "MNO_TARGET_UNREACHABLE");
        assert.ok(!error.message.includes("secret-path"), "a webhook's URL is a secret");
        return true;
      });
      assert.match((JSON.parse(seen[1]!.body) as { text: string }).text, /Credential &lt;stuffing&gt;/);
    } finally {
      server.close();
    }
  });

  it("writes syslog as RFC 5424 has it, escaped", () => {
    const text = syslogText(MESSAGE, "host name");
    assert.match(text, /^<107>1 2026-01-01T00:00:00\.000Z hostname mno - inc_1-open-4 \[incident@32473 id="inc_1" /);
    assert.ok(text.includes('entities="address:1.2.3.4\\"\\]\\\\"'));
    assert.ok(text.endsWith("] \ufeffCredential <stuffing>"));
  });

  it("sends syslog by UDP, and by TCP with its length before it", async () => {
    const udp = createSocket("udp4");
    udp.bind(0, "127.0.0.1");
    await once(udp, "listening");
    const datagram = once(udp, "message") as Promise<[Buffer]>;
    const { port } = udp.address();
    await send({ kind: "syslog", name: "u", host: "127.0.0.1", port, transport: "udp" }, MESSAGE, NOW, "h");
    const [received] = await datagram;
    assert.equal(received.toString(), syslogText(MESSAGE, "h"));
    udp.close();

    let stream = "";
    const tcp = createTcp((socket) => {
      socket.on("data", (part) => (stream += part.toString()));
      socket.on("end", () => socket.end());
    });
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    const tcpPort = (tcp.address() as AddressInfo).port;
    const channel: Channel = { kind: "syslog", name: "t", host: "127.0.0.1", port: tcpPort, transport: "tcp" };
    await send(channel, MESSAGE, NOW, "h");
    const text = syslogText(MESSAGE, "h");
    assert.equal(stream, `${Buffer.byteLength(text)} ${text}`);
    tcp.close();
    await once(tcp, "close");
    await assert.rejects(
      send(channel, MESSAGE, NOW, "h"),
      (error: MnoError) => error.code === "MNO_TARGET_UNREACHABLE",
    );
  });
});

describe("security intelligence: the queue of notifications", () => {
  let database: Database;
  const clock = new ManualClock(NOW);
  const channel: Channel = { kind: "slack", name: "ops", url: "https://x", perMinute: 3 };

  before(async function () {
    this.timeout(60_000);
    database = await openDatabase("pglite:memory", { log: silent });
    await database.migrate("security-intelligence", MIGRATIONS);
  });
  after(() => database.close());
  beforeEach(() => database.query("TRUNCATE si_notifications"));

  function dispatcher(sender: () => Promise<void>) {
    const outcomes: string[] = [];
    const made = new Dispatcher(database, [channel], sender, clock, (outcome) => outcomes.push(outcome));
    return { made, outcomes };
  }

  it("tells of an incident once for each status and severity", async () => {
    const { made, outcomes } = dispatcher(async () => undefined);
    await made.queue(database, INCIDENT);
    await made.queue(database, { ...INCIDENT, alertCount: 2 });
    await made.queue(database, { ...INCIDENT, severity: 2 });
    await made.queue(database, { ...INCIDENT, status: "watching" });
    await made.queue(database, { ...INCIDENT, status: "resolved" });
    await made.round();
    await made.round();
    assert.deepEqual(outcomes, ["sent", "sent"]);
  });

  it("tries again with growing pauses, and gives up in the end", async () => {
    let attempts = 0;
    const { made, outcomes } = dispatcher(async () => {
      attempts++;
      throw new MnoError("MNO_TARGET_UNREACHABLE", "no");
    });
    await made.queue(database, INCIDENT);
    await made.round();
    await made.round();
    assert.equal(attempts, 1);
    for (let round = 0; round < 20; round++) {
      await clock.advance(600_000);
      await made.round();
    }
    assert.equal(attempts, MAX_ATTEMPTS);
    assert.deepEqual(outcomes.at(-1), "failed");
  });

  it("tells a channel no more often than it may be", async () => {
    const { made, outcomes } = dispatcher(async () => undefined);
    for (let index = 0; index < 5; index++) await made.queue(database, { ...INCIDENT, id: `inc_${index}` });
    await made.round();
    assert.equal(outcomes.length, 3);
    await clock.advance(61_000);
    await made.round();
    assert.equal(outcomes.length, 5);
  });
});
