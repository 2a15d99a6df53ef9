import assert from "node:assert/strict";
import { createSocket, type RemoteInfo, Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import { Resolver } from "node:dns/promises";
import net from "node:net";
import fc from "fast-check";
import { parseQuery, type DnsQuery, RCODE, TYPE } from "../../../runtime/scalability/global-load-balancer/dns/message";
import { respond } from "../../../runtime/scalability/global-load-balancer/dns/responder";
import { serveDns } from "../../../runtime/scalability/global-load-balancer/dns/server";
import { resolve } from "../../../runtime/scalability/global-load-balancer/global-addresses";
import { validateUpstream } from "../../../runtime/scalability/global-load-balancer/validate";
import { Cleanup } from "../../support/balancer";

const many = Array.from({ length: 16 }, (_, index) => `2001:db8::${(index + 1).toString(16)}`);
const global = validateUpstream({
  name: "web",
  global: {
    regions: [
      { region: "eu", addresses: ["192.0.2.1", "2001:db8::1"], networks: ["198.51.100.0/24", "2001:db8:1::/48"] },
      { region: "us", addresses: ["192.0.2.2", "192.0.2.3"], networks: ["203.0.113.0/24"] },
      { region: "ap", addresses: many, networks: ["10.0.0.0/8"] },
    ],
  },
}).global!;
const LONG = `${"x".repeat(60)}.${"y".repeat(60)}.${"z".repeat(60)}.example`;
const names = (name: string, query: object) =>
  name === "shop.example" || name === LONG ? resolve(global, new Set(), query) : undefined;

function question(name: string, type: number, additionals: Buffer[] = [], flags = 0x0100): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(0x1234, 0);
  header.writeUInt16BE(flags, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(additionals.length, 10);
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const tail = Buffer.from([0, type >> 8, type & 255, 0, 1]);
  return Buffer.concat([header, ...labels, tail, ...additionals]);
}

/** OPT with a client subnet; `version` of EDNS. */
function subnet(family: number, prefix: number, bytes: number[], { scope = 0, version = 0, udp = 4096 } = {}): Buffer {
  const option = Buffer.from([0, 8, 0, 4 + bytes.length, 0, family, prefix, scope, ...bytes]);
  return Buffer.concat([Buffer.from([0, 0, 41, udp >> 8, udp & 255, 0, version, 0, 0, 0, option.length]), option]);
}

const read = (answer: Buffer | undefined) => {
  assert.ok(answer);
  return {
    rcode: answer.readUInt16BE(2) & 0xf,
    authoritative: (answer.readUInt16BE(2) & 0x0400) !== 0,
    truncated: (answer.readUInt16BE(2) & 0x0200) !== 0,
    answers: answer.readUInt16BE(6),
    authorities: answer.readUInt16BE(8),
  };
};

describe("global load balancer: DNS", () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  it("a real resolver reads the addresses of the client's region, over UDP and, where they are many, over TCP", async () => {
    const server = await serveDns(
      "127.0.0.1:0",
      (name, query) => names(name, { ...query, client: "203.0.113.5" }),
      assert.fail,
    );
    cleanup.add(server, (each) => each.close());
    const resolver = new Resolver({ timeout: 2000, tries: 1 });
    resolver.setServers([`127.0.0.1:${String(server.port)}`]);
    assert.deepEqual(await resolver.resolve4("Shop.Example", { ttl: true }), [
      { address: "192.0.2.2", ttl: 60 },
      { address: "192.0.2.3", ttl: 60 },
    ]);
    assert.deepEqual(await resolver.resolve6("shop.example"), ["2001:db8::1"], "of the next region that has one");
    await assert.rejects(resolver.resolveMx("shop.example"), { code: "ENODATA" });
    await assert.rejects(resolver.resolve4("other.example"), { code: "EREFUSED" });
    const apac = await serveDns(
      "127.0.0.1:0",
      (name, query) => names(name, { ...query, client: "10.1.1.1" }),
      assert.fail,
    );
    cleanup.add(apac, (each) => each.close());
    resolver.setServers([`127.0.0.1:${String(apac.port)}`]);
    assert.deepEqual((await resolver.resolve6("shop.example")).sort(), [...many].sort());
  });

  it("the client's subnet decides where the resolver names it, and comes back with its scope", () => {
    const ask = (option: Buffer, type: number = TYPE.A) =>
      respond(question("shop.example", type, [option]), "10.9.9.9", "udp", names);
    const eu = ask(subnet(1, 24, [198, 51, 100]));
    assert.ok(eu?.includes(Buffer.from([192, 0, 2, 1])));
    assert.deepEqual([...(eu?.subarray(-7) ?? [])], [0, 1, 24, 24, 198, 51, 100]);
    assert.ok(ask(subnet(1, 24, [203, 0, 113]))?.includes(Buffer.from([192, 0, 2, 2])));
    assert.ok(ask(subnet(2, 48, [0x20, 1, 0xd, 0xb8, 0, 1]))?.includes(Buffer.from([192, 0, 2, 1])));
    assert.ok(ask(subnet(1, 0, []))?.includes(Buffer.from([192, 0, 2, 1])), "no place: the configured order");
    assert.ok(
      respond(question("shop.example", TYPE.A), "203.0.113.9", "udp", names)?.includes(Buffer.from([192, 0, 2, 2])),
    );
  });

  it("says that there is none of a type, that a name is not its, and that an answer does not fit", () => {
    const none = read(respond(question("shop.example", 15), "10.0.0.1", "udp", names));
    assert.deepEqual(none, { rcode: RCODE.NOERROR, authoritative: true, truncated: false, answers: 0, authorities: 1 });
    const other = read(respond(question("example", TYPE.A), "10.0.0.1", "udp", names));
    assert.deepEqual([other.rcode, other.authoritative], [RCODE.REFUSED, false]);
    const whole = read(respond(question("shop.example", TYPE.AAAA), "10.0.0.1", "udp", names));
    assert.deepEqual([whole.truncated, whole.answers], [false, 16]);
    const cut = read(respond(question(LONG, TYPE.AAAA), "10.0.0.1", "udp", names));
    assert.deepEqual([cut.truncated, cut.answers], [true, 0]);
    const roomy = read(respond(question(LONG, TYPE.AAAA, [subnet(1, 0, [])]), "10.0.0.1", "udp", names));
    assert.deepEqual([roomy.truncated, roomy.answers], [false, 1], "of the first region, for no place was named");
    assert.equal(read(respond(question(LONG, TYPE.AAAA), "10.0.0.1", "tcp", names)).answers, 16);
    const version = respond(
      question("shop.example", TYPE.A, [subnet(1, 0, [], { version: 1 })]),
      "10.0.0.1",
      "udp",
      names,
    );
    assert.equal(read(version).answers, 0);
  });

  it("does not answer answers, and refuses what is not a query", () => {
    const reply = question("shop.example", TYPE.A, [], 0x8100);
    assert.equal(respond(reply, "10.0.0.1", "udp", names), undefined);
    assert.equal(respond(Buffer.alloc(5), "10.0.0.1", "udp", names), undefined);
    assert.equal(
      read(respond(question("shop.example", TYPE.A, [], 0x2800), "10.0.0.1", "udp", names)).rcode,
      RCODE.NOTIMP,
    );
    const bad = [
      subnet(3, 0, []),
      subnet(1, 33, [1, 2, 3, 4, 5]),
      subnet(1, 24, [1, 2]),
      subnet(1, 20, [1, 2, 255]),
      subnet(1, 24, [1, 2, 3], { scope: 1 }),
    ];
    for (const option of bad) {
      assert.equal(
        read(respond(question("shop.example", TYPE.A, [option]), "10.0.0.1", "udp", names)).rcode,
        RCODE.FORMERR,
      );
    }
    const pointer = question("shop.example", TYPE.A);
    pointer[12] = 0xc0;
    assert.equal(read(respond(pointer, "10.0.0.1", "udp", names)).rcode, RCODE.FORMERR);
    const trailing = Buffer.concat([question("shop.example", TYPE.A), Buffer.from([1])]);
    assert.equal(read(respond(trailing, "10.0.0.1", "udp", names)).rcode, RCODE.FORMERR);
  });

  it("any bytes, and queries with bytes changed, are read or refused, never more", () => {
    const seeds = [question("shop.example", TYPE.A), question("shop.example", TYPE.AAAA, [subnet(1, 24, [10, 1, 1])])];
    const changed = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 5 }), fc.nat(60))
      .map(([seed, changes, cut]) => {
        const bytes = Buffer.from(seed);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        return bytes.subarray(0, Math.max(0, bytes.length - Math.max(0, cut - 40)));
      });
    const arbitrary = fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(changed, arbitrary), (bytes) => {
        const query = parseQuery(bytes);
        const answer = respond(bytes, "10.0.0.1", "udp", names);
        if (!answer) return;
        assert.ok(answer.length <= 1232);
        assert.equal(answer.readUInt16BE(0), bytes.readUInt16BE(0));
        if (!("fault" in query)) assert.ok(answer.includes((query satisfies DnsQuery).question));
      }),
      { numRuns: 3000 },
    );
  });

  it("goes on after garbage on both sockets, and over TCP answers several questions in pieces", async () => {
    const server = await serveDns("127.0.0.1:0", names, assert.fail);
    cleanup.add(server, (each) => each.close());
    const udp = cleanup.add(createSocket("udp4"), (each) => void each.close());
    udp.send(Buffer.from("garbage"), server.port, "127.0.0.1");
    udp.send(question("shop.example", TYPE.A), server.port, "127.0.0.1");
    const [answer] = (await once(udp, "message")) as [Buffer];
    assert.equal(read(answer).answers, 1);
    const socket = cleanup.add(net.connect(server.port, "127.0.0.1"), (each) => void each.destroy());
    const one = question("shop.example", TYPE.A);
    const framed = Buffer.concat([Buffer.from([0, one.length]), one]);
    socket.write(Buffer.concat([framed, framed.subarray(0, 7)]));
    await once(socket, "data");
    socket.write(framed.subarray(7));
    const [second] = (await once(socket, "data")) as [Buffer];
    assert.equal(read(second.subarray(2)).answers, 1);
  });

  it("goes on after a query from port 0, to which nothing can be sent, and after a fault of its own", async () => {
    const faults: string[] = [];
    const server = await serveDns(
      "127.0.0.1:0",
      (name, query) => {
        if (name === "faulty.example") throw new Error("a fault");
        return names(name, query);
      },
      ({ message }) => faults.push(message),
    );
    cleanup.add(server, (each) => each.close());
    const udp = cleanup.add(createSocket("udp4"), (each) => void each.close());
    const ask = (name: string): void => udp.send(question(name, TYPE.A), server.port, "127.0.0.1");
    // Only a raw socket sends from port 0: the first message is made to seem so.
    let asked = 0;
    Socket.prototype.emit = function (this: Socket, event: string, ...args: unknown[]): boolean {
      if (event === "message" && asked === 0) {
        asked += 1;
        (args[1] as RemoteInfo).port = 0;
      }
      return EventEmitter.prototype.emit.call(this, event, ...args);
    } as Socket["emit"];
    cleanup.add(undefined, () => void Reflect.deleteProperty(Socket.prototype, "emit"));
    ask("shop.example");
    ask("faulty.example");
    ask("shop.example");
    const [answer] = (await once(udp, "message")) as [Buffer];
    assert.equal(read(answer).answers, 1);
    assert.equal(asked, 1);
    assert.deepEqual(faults, ["a fault"]);
  });

  it("a fault while it answers over TCP costs that connection, and no other", async () => {
    const faults: string[] = [];
    const server = await serveDns(
      "127.0.0.1:0",
      (name, query) => {
        if (name === "faulty.example") throw new Error("a fault");
        return names(name, query);
      },
      ({ message }) => faults.push(message),
    );
    cleanup.add(server, (each) => each.close());
    const ask = (name: string): net.Socket => {
      const socket = cleanup.add(net.connect(server.port, "127.0.0.1"), (each) => void each.destroy());
      const one = question(name, TYPE.A);
      socket.write(Buffer.concat([Buffer.from([0, one.length]), one]));
      return socket;
    };
    await once(ask("faulty.example"), "close");
    assert.deepEqual(faults, ["a fault"]);
    const [answer] = (await once(ask("shop.example"), "data")) as [Buffer];
    assert.equal(read(answer.subarray(2)).answers, 1);
  });
});
