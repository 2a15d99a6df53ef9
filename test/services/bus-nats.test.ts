import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect } from "@nats-io/transport-node";
import { NatsBus } from "../../runtime/kernel/events/nats/nats-bus";
import { natsNames } from "../../runtime/kernel/events/nats/options";
import { openBus } from "../../runtime/kernel/events/open";
import {
  busContract,
  busDependencies,
  Collector,
  eventually,
  hasCode,
  note,
  readAll,
  SCALED,
  scaled,
} from "../contract/bus";
import { NatsProcess } from "../support/nats-process";

describe("the bus over a real nats-server", function () {
  this.timeout(60_000);
  let server: NatsProcess;
  before(async () => {
    server = await NatsProcess.start();
  });
  after(() => server.remove());

  const uniqueName = (): string => `t${randomUUID().slice(0, 8)}`;
  const shortTimes = { ackWaitMilliseconds: 1000, leaseMilliseconds: 1000, timeoutMilliseconds: 2000 };

  busContract("NATS JetStream", async ({ maxBytes }) => {
    const nats = { name: uniqueName(), maxBytes: maxBytes ?? 10_000_000, ...shortTimes };
    const open = () => openBus(server.url, busDependencies(), { nats });
    let bus = await open();
    return {
      bus,
      async reopen() {
        await bus.close();
        return (bus = await open());
      },
      async inject(type, json) {
        const connection = await connect({ servers: server.url });
        await connection.request(natsNames(nats.name).eventSubject(type), json);
        await connection.close();
      },
      cleanUp: () => bus.close(),
    };
  });

  it("keeps events, positions and the connection across a restart of the server", async () => {
    const nats = { name: uniqueName(), maxBytes: 10_000_000, ...shortTimes };
    const bus = await openBus(server.url, busDependencies(), { nats });
    const handled = new Collector<string>();
    await bus.subscribe({ consumer: "c", types: [SCALED] }, async (event) => handled.add(note(event)));
    await bus.publish([scaled("a", "1"), scaled("a", "2")]);
    await handled.count(2);
    await eventually(
      () => bus.lag("c"),
      (lag) => lag === 0,
    );
    await bus.ping();
    await server.stop("SIGKILL");
    await assert.rejects(bus.ping(), hasCode("MNO_BUS_UNAVAILABLE"));
    // Refused, which leaves open whether the server stored it: the same event again must end up in the log once.
    const event = scaled("a", "3");
    await assert.rejects(bus.publish(event), hasCode("MNO_BUS_UNAVAILABLE"));
    await server.restart();
    await eventually(
      () =>
        bus.publish(event).then(
          () => true,
          () => false,
        ),
      Boolean,
    );
    await bus.ping();
    await eventually(async () => handled.values.includes("3"), Boolean);
    // The server may have lost the last acks with its process: again is allowed, out of order is not.
    assert.deepEqual([...new Set(handled.values)], ["1", "2", "3"]);
    assert.deepEqual(
      (await readAll(bus)).map((stored) => note(stored.event)),
      ["1", "2", "3"],
    );
    await bus.close();
  });

  it("gives a dead replica's events to another, in order and before newer ones", async () => {
    const nats = { name: uniqueName(), maxBytes: 10_000_000, ...shortTimes };
    const dying = await NatsBus.open(server.url, busDependencies(), nats);
    const heir = await NatsBus.open(server.url, busDependencies(), nats);
    const begun = new Collector<string>();
    let finish = (): void => undefined;
    const options = { consumer: "c", types: [SCALED] as const };
    await dying.subscribe(options, (event) => {
      begun.add(note(event));
      return new Promise((resolve) => (finish = resolve));
    });
    await heir.publish(["1", "2", "3"].map((text) => scaled("a", text)));
    await begun.count(1);
    // The process is gone as far as the server can see: no acks, no signs of life, no release of the lease.
    await (dying as unknown as { server: { nc: { close(): Promise<void> } } }).server.nc.close();
    const handled = new Collector<string>();
    await heir.subscribe(options, async (event) => handled.add(note(event)));
    await heir.publish(["4", "5"].map((text) => scaled("a", text)));
    assert.deepEqual(await handled.count(5), ["1", "2", "3", "4", "5"]);
    assert.deepEqual(begun.values, ["1"]);
    finish();
    await Promise.all([dying.close(), heir.close()]);
  });

  it("keeps a long handler's event from being delivered again", async () => {
    const nats = { name: uniqueName(), maxBytes: 10_000_000, ...shortTimes, ackWaitMilliseconds: 300 };
    const bus = await NatsBus.open(server.url, busDependencies(), nats);
    const finished = new Collector<number>();
    let begun = 0;
    await bus.subscribe({ consumer: "c", types: [SCALED] }, async () => {
      begun++;
      await new Promise((resolve) => setTimeout(resolve, 1000));
      finished.add(1);
    });
    await bus.publish(scaled("a"));
    await finished.count(1);
    await eventually(
      () => bus.lag("c"),
      (lag) => lag === 0,
    );
    assert.equal(begun, 1);
    await bus.close();
  });

  it("stores an event that is published twice once", async () => {
    const bus = await NatsBus.open(server.url, busDependencies(), { name: uniqueName(), maxBytes: 10_000_000 });
    const event = scaled("a");
    await bus.publish(event);
    await bus.publish([event, event]);
    assert.equal((await readAll(bus)).length, 1);
    await bus.close();
  });

  it("says so when the server is not there, or the URL is none", async () => {
    await assert.rejects(openBus("nats://127.0.0.1:1", busDependencies()), hasCode("MNO_BUS_UNAVAILABLE"));
    await assert.rejects(openBus("kafka://x", busDependencies()), hasCode("MNO_BUS_URL_INVALID"));
  });
});
