import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { jetstream, jetstreamManager, StorageType } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { PORTS } from "../../components/events/config";
import { eventually } from "../contract/cache";
import { BackboneProcesses } from "../support/backbone-processes";

/** The servers of the EventBackbone component as processes: its generated configuration, with Debian's nats-server. */
describe("Event backbone", function () {
  this.timeout(60_000);

  describe("of three servers", () => {
    let servers: BackboneProcesses;
    const open: NatsConnection[] = [];

    before(async () => {
      servers = new BackboneProcesses("events", 1, 3);
      servers.startAll();
      await eventually(
        async () => (await Promise.all(servers.hosts.map((host) => servers.healthy(host)))).every(Boolean),
        20_000,
      );
      const nc = await connected();
      await eventually(async () => {
        const jsm = await jetstreamManager(nc, { timeout: 1_000 }).catch(() => undefined);
        const stream = { name: "orders", subjects: ["orders.>"], num_replicas: 3, storage: StorageType.File };
        return (await jsm?.streams.add(stream).catch(() => undefined)) !== undefined;
      }, 20_000);
    });
    afterEach(async () => {
      await Promise.all(open.splice(0).map((nc) => nc.close()));
    });
    after(() => servers?.remove());

    async function connected(...args: Parameters<BackboneProcesses["connect"]>): Promise<NatsConnection> {
      const nc = await servers.connect(...args);
      open.push(nc);
      return nc;
    }

    it("goes on publishing when one is killed, and loses nothing that it acknowledged", async function () {
      const nc = await connected();
      const js = jetstream(nc, { timeout: 2_000 });
      const jsm = await jetstreamManager(nc);
      const leader = (await jsm.streams.info("orders")).cluster!.leader!;
      const victim = servers.hosts[Number(leader.split("-").at(-1))]!;
      const acknowledged = new Set<string>();
      const publish = async (id: string): Promise<void> => {
        await eventually(
          () =>
            js.publish("orders.new", id, { msgID: id }).then(
              () => true,
              () => false,
            ),
          20_000,
        );
        acknowledged.add(id);
      };
      for (let i = 0; i < 200; i++) await publish(`before-${i}`);
      const start = performance.now();
      await servers.stop(victim, "SIGKILL");
      await publish("first-after");
      const seconds = (performance.now() - start) / 1000;
      for (let i = 0; i < 200; i++) await publish(`after-${i}`);
      servers.start(victim);
      await eventually(async () => {
        const info = await jsm.streams.info("orders").catch(() => undefined);
        return info?.cluster?.replicas?.length === 2 && info.cluster.replicas.every((peer) => peer.current);
      }, 30_000);
      const { state } = await jsm.streams.info("orders");
      assert.equal(state.messages, acknowledged.size);
      assert.ok(seconds < 15, `${seconds} s without the backbone`);
      this.test!.title += `: ${seconds.toFixed(1)} s`;
    });

    it("keeps accounts apart, and strangers out", async () => {
      await assert.rejects(servers.connect({ user: "mno", pass: "wrong" }), /Authorization/i);
      const [mno, guest] = [await connected(), await connected({ user: "guest", pass: "guest-password-of-length" })];
      const heard: string[] = [];
      guest.subscribe(">", { callback: (_, message) => void heard.push(message.subject) });
      await guest.flush();
      mno.publish("orders.seen", "x");
      await mno.flush();
      guest.publish("own", "x");
      await guest.flush();
      await eventually(() => heard.includes("own"));
      assert.ok(!heard.includes("orders.seen"));
      const streams = await (await jetstreamManager(guest)).streams.list().next();
      assert.deepEqual(streams, []);
    });

    it("keeps streams encrypted on disk", async () => {
      const nc = await connected();
      const marker = "a-text-that-would-be-found";
      await jetstream(nc).publish("orders.secret", marker);
      const files = readdirSync(servers.folder, { recursive: true, encoding: "utf8" }).filter((file) =>
        file.endsWith(".blk"),
      );
      assert.ok(files.length >= 3, "the stream is on disk");
      for (const file of files) assert.ok(!readFileSync(join(servers.folder, file)).includes(marker), file);
    });

    it("sends its clients to the others before it stops, whatever SIGTERM says meanwhile", async () => {
      const nc = await connected();
      const at = nc.getServer().split(":")[0]!;
      servers.drain(at);
      await eventually(() => /lame duck/i.test(servers.log(at)));
      await servers.stop(at, "SIGTERM");
      await eventually(() => !nc.getServer().startsWith(at));
      await nc.flush();
      assert.match(servers.log(at), /lame duck mode|Closing existing clients/i);
      servers.start(at);
      await eventually(() => servers.healthy(at), 20_000);
    });

    it("encrypts what its servers say to each other", async () => {
      for (const host of servers.hosts) {
        const answer = await fetch(`http://${host}:${PORTS.monitor}/varz`);
        const { cluster, tls_required } = (await answer.json()) as {
          cluster: { tls_required?: boolean; tls_verify?: boolean };
          tls_required: boolean;
        };
        assert.deepEqual([tls_required, cluster.tls_required, cluster.tls_verify], [true, true, true]);
      }
    });
  });

  it("joins the backbones of two regions by a leaf node", async () => {
    const hub = new BackboneProcesses("hub", 2, 1, { acceptsLeafNodes: true, domain: "hub" });
    const spoke = new BackboneProcesses("spoke", 3, 1, {
      domain: "spoke",
      remotes: [
        {
          name: "hub",
          url: `tls://${hub.hosts[0]}:${PORTS.leaf}`,
          account: "mno",
          username: "mno",
          password: "mno-password-of-length",
          credentials: false,
          authority: true,
        },
      ],
    });
    try {
      cpSync(join(hub.folder, "tls", "ca.crt"), join(spoke.folder, "remotes", "hub", "authority", "ca.crt"));
      assert.match(spoke.test(spoke.hosts[0]!), /^$/);
      hub.startAll();
      spoke.startAll();
      await eventually(
        async () => (await hub.healthy(hub.hosts[0]!)) && (await spoke.healthy(spoke.hosts[0]!)),
        20_000,
      );
      const [there, here] = [await hub.connect(), await spoke.connect()];
      const heard: string[] = [];
      there.subscribe("region.>", { callback: (_, message) => void heard.push(message.string()) });
      await there.flush();
      await eventually(async () => {
        here.publish("region.news", "from the spoke");
        await here.flush();
        return heard.includes("from the spoke");
      }, 20_000);
      await there.close();
      await here.close();
    } finally {
      await spoke.remove();
      await hub.remove();
    }
  });
});
