import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { ManualClock } from "../../../runtime/kernel/clock";
import { SessionAffinity } from "../../../runtime/scalability/global-load-balancer/affinity";
import { Backend } from "../../../runtime/scalability/global-load-balancer/backend";
import { Decisions } from "../../../runtime/scalability/global-load-balancer/decisions";
import { endpointEvent, EventQueue } from "../../../runtime/scalability/global-load-balancer/events";
import { RegionHealth, resolve } from "../../../runtime/scalability/global-load-balancer/global-addresses";
import { probed, UNPROBED } from "../../../runtime/scalability/global-load-balancer/health";
import { RecentLatency } from "../../../runtime/scalability/global-load-balancer/latency";
import { SILENT } from "../../../runtime/scalability/global-load-balancer/observer";
import { OutlierDetector, type Verdict } from "../../../runtime/scalability/global-load-balancer/outliers";
import { Prober } from "../../../runtime/scalability/global-load-balancer/prober";
import { RequestBody } from "../../../runtime/kernel/proxy/request-body";
import { RoutingTable } from "../../../runtime/scalability/global-load-balancer/routing";
import { parseLoadAnswer, parseLoadHeader } from "../../../runtime/scalability/global-load-balancer/server-load";
import { validateUpstream } from "../../../runtime/scalability/global-load-balancer/validate";
import { silent } from "../auto-scaling-engine/fakes";

const upstream = (input: object = {}) => validateUpstream({ name: "web", ...input });

describe("global load balancer: parts", () => {
  describe("outliers", () => {
    const detector = (settings: object = {}, ids = ["a", "b", "c", "d", "e", "f"]): OutlierDetector => {
      const made = new OutlierDetector({ ...upstream().outlier, ...settings });
      made.retain(ids);
      return made;
    };
    const many = (made: OutlierDetector, id: string, verdict: Verdict, count: number, now: number) =>
      Array.from({ length: count }, () => made.record(id, verdict, now)).at(-1);

    it("ejects for longer each time, and forgives with each quiet interval", () => {
      const made = detector({ baseEjectionSeconds: 10, maxEjectionSeconds: 35, consecutiveErrors: 2 });
      const lengths: number[] = [];
      let now = 0;
      for (let round = 0; round < 4; round += 1) {
        const ejection = many(made, "a", "error", 2, now);
        lengths.push((ejection?.until ?? 0) - now);
        now = ejection?.until ?? 0;
        assert.equal(made.restore(now - 1).length, 0);
        assert.equal(made.restore(now).length, 1);
      }
      assert.deepEqual(lengths, [10_000, 20_000, 35_000, 35_000]);
      for (let quiet = 0; quiet < 3; quiet += 1) made.compare(now);
      assert.equal((many(made, "a", "error", 2, now)?.until ?? 0) - now, 20_000);
    });

    it("counts gateway failures apart, and a success ends the row", () => {
      const made = detector({ consecutiveErrors: 10, consecutiveGatewayFailures: 3 });
      assert.equal(many(made, "a", "gateway-failure", 2, 0), undefined);
      made.record("a", "error", 0);
      assert.equal(many(made, "a", "gateway-failure", 2, 0), undefined);
      made.record("a", "success", 0);
      assert.equal(many(made, "a", "gateway-failure", 2, 0), undefined);
      assert.match(made.record("a", "gateway-failure", 0)?.reason ?? "", /3 gateway failures in a row/);
    });

    it("ejects whose success rate is far below the others'", () => {
      const made = detector({ consecutiveErrors: 1000, consecutiveGatewayFailures: 1000 });
      for (const id of ["a", "b", "c", "d", "e"]) many(made, id, "success", 200, 0);
      for (let index = 0; index < 200; index += 1) made.record("f", index % 2 === 0 ? "success" : "error", 0);
      const [ejection, ...more] = made.compare(0);
      assert.equal(ejection?.id, "f");
      assert.match(ejection.reason, /success rate 50\.0 %/);
      assert.deepEqual(more, []);
      assert.deepEqual(made.compare(0), [], "the next interval begins with nothing");
    });

    it("does nothing where it is disabled, and forgets endpoints that went", () => {
      const off = detector({ enabled: false });
      assert.equal(many(off, "a", "error", 100, 0), undefined);
      const made = detector({ consecutiveErrors: 1 });
      assert.ok(made.record("a", "error", 0));
      made.retain(["b"]);
      assert.equal(made.ejection("a"), undefined);
      assert.equal(made.record("a", "error", 0), undefined);
    });
  });

  it("health: the first probe decides, later ones by the thresholds", () => {
    const thresholds = { healthyThreshold: 2, unhealthyThreshold: 3 };
    const after = (...results: string[]) =>
      results.reduce((state, each) => probed(state, each === "ok" ? undefined : each, thresholds), UNPROBED);
    assert.deepEqual(after("ok"), { healthy: true, against: 0 });
    assert.deepEqual(after("down"), { healthy: false, against: 0, fault: "down" });
    assert.equal(after("ok", "down", "down").healthy, true);
    assert.deepEqual(after("ok", "x", "y", "z"), { healthy: false, against: 0, fault: "z" });
    assert.equal(after("ok", "x", "y", "ok", "z").healthy, true);
    assert.deepEqual(after("down", "ok"), { healthy: false, against: 1, fault: "down" });
    assert.deepEqual(after("down", "ok", "ok"), { healthy: true, against: 0 });
  });

  it("latency: quantiles of the last seconds within a tenth, none from too little", () => {
    const latency = new RecentLatency();
    for (let index = 0; index < 49; index += 1) latency.record(10, 0);
    assert.equal(latency.quantile(0.5, 0), undefined);
    for (let value = 1; value <= 1000; value += 1) latency.record(value, 0);
    for (const [q, value] of [
      [0.5, 477],
      [0.95, 948],
    ] as const) {
      const found = latency.quantile(q, 0) ?? 0;
      assert.ok(found >= value && found <= value * 1.12, `${String(q)}: ${String(found)}`);
    }
    assert.ok(latency.quantile(0.5, 15_000), "of the window before");
    assert.equal(latency.quantile(0.5, 40_000), undefined, "too old");
  });

  it("routes: exact hosts before wildcards before any, longer paths first, whole segments", () => {
    const table = new RoutingTable([
      upstream({ name: "any" }),
      upstream({ name: "api", match: [{ pathPrefix: "/api/" }] }),
      upstream({ name: "wild", match: [{ hosts: ["*.example.com"] }] }),
      upstream({ name: "deep", match: [{ hosts: ["*.eu.example.com"] }] }),
      upstream({ name: "shop", match: [{ hosts: ["Shop.example.com"], pathPrefix: "/cart" }] }),
    ]);
    const find = (host: string, path: string): string | undefined => table.find(host, path)?.name;
    assert.equal(find("x", "/"), "any");
    assert.equal(find("x", "/api"), "api");
    assert.equal(find("x", "/api/v1?q=/"), "api");
    assert.equal(find("x", "/apis"), "any");
    assert.equal(find("a.example.com:8080", "/api"), "wild");
    assert.equal(find("a.eu.example.com", "/"), "deep");
    assert.equal(find("example.com", "/"), "any");
    assert.equal(find("shop.example.com", "/cart/1"), "shop");
    assert.equal(find("shop.example.com", "/card"), "wild");
    assert.equal(new RoutingTable([upstream({ match: [{ hosts: ["a"] }] })]).find("b", "/"), undefined);
  });

  it("session cookies: only those that were sealed here, for this upstream, and in time", () => {
    const affinity = new SessionAffinity("secret");
    const sealed = affinity.seal("web", "a.b", 10_000);
    assert.equal(affinity.open("web", sealed, 0), "a.b");
    assert.equal(affinity.open("web", sealed, 10_000), undefined);
    assert.equal(affinity.open("api", sealed, 0), undefined);
    assert.equal(new SessionAffinity("other").open("web", sealed, 0), undefined);
    for (const value of ["", "a", "a.b.c", `${sealed}.x`, sealed.slice(0, -1), `x${sealed}`]) {
      assert.equal(affinity.open("web", value, 0), undefined, value);
    }
  });

  it("server load: read from header and probe, and not believed where it is absurd", () => {
    assert.deepEqual(parseLoadHeader("TEXT named_metrics.in_flight=7, named_metrics.latency_ms=12.5, cpu=0.3"), {
      inFlight: 7,
      latencyMs: 12.5,
    });
    assert.deepEqual(parseLoadHeader("TEXT named_metrics.in_flight=0"), { inFlight: 0 });
    for (const lie of [
      "",
      "JSON {}",
      "TEXT cpu=1",
      "TEXT named_metrics.in_flight=NaN",
      "TEXT named_metrics.in_flight=-1",
      "TEXT named_metrics.in_flight=",
      "TEXT named_metrics.in_flight=1e9",
    ]) {
      assert.equal(parseLoadHeader(lie), undefined, lie);
    }
    assert.deepEqual(parseLoadAnswer('{"inFlight":3,"latencyMs":-5}'), { inFlight: 3 });
    for (const lie of ["", "null", "[]", '{"inFlight":null}', '{"inFlight":{}}'])
      assert.equal(parseLoadAnswer(lie), undefined, lie);
  });

  describe("request bodies", () => {
    const text = async (body: RequestBody): Promise<string> => (await body.open().toArray()).join("");

    it("are sent again from the beginning as long as all of it is kept", async () => {
      const source = new PassThrough();
      const body = new RequestBody(source, 10);
      source.write("one ");
      const first = body.open();
      first.resume();
      await new Promise((resolve) => first.once("data", resolve));
      assert.ok(body.replayable);
      const second = text(body);
      source.end("two");
      assert.equal(await second, "one two");
      assert.equal(await text(body), "one two");
      assert.ok(first.destroyed);
    });

    it("are not once more was read than is kept", async () => {
      const source = new PassThrough();
      const body = new RequestBody(source, 3);
      source.end("too long");
      assert.ok(body.replayable);
      assert.equal(await text(body), "too long");
      assert.ok(!body.replayable);
    });

    it("break off with their source", async () => {
      const source = new PassThrough();
      const body = new RequestBody(source, 100);
      const reader = body.open();
      const failed = new Promise((resolve) => reader.once("error", resolve));
      reader.resume();
      source.destroy(new Error("the client went"));
      assert.match(String(await failed), /the client went/);
      assert.ok(!body.replayable);
    });
  });

  describe("regions", () => {
    const global = upstream({
      global: {
        regions: [
          { region: "eu", addresses: ["192.0.2.1", "2001:db8::1"], networks: ["198.51.0.0/16", "2001:db8:1::/48"] },
          { region: "us", addresses: ["192.0.2.2"], networks: ["198.51.100.0/24"] },
          { region: "ap", addresses: ["192.0.2.3"] },
        ],
      },
    }).global!;

    it("fail below one threshold and come back only above the other", () => {
      const health = new RegionHealth();
      const failedAt = (percent: number): boolean => health.update(global, new Map([["eu", percent]])).has("eu");
      assert.deepEqual([100, 60, 50, 49, 60, 70, 71, 60].map(failedAt), [
        false,
        false,
        false,
        true,
        true,
        true,
        false,
        false,
      ]);
      assert.ok(!health.update(global, new Map()).has("eu"));
    });

    it("answer for the nearest client network first, and for failed ones last and briefly", () => {
      const regions = (query: object, failed: string[] = []) => resolve(global, new Set(failed), query).regions;
      assert.deepEqual(regions({ client: "198.51.7.7" }), ["eu", "us", "ap"]);
      assert.deepEqual(regions({ client: "198.51.100.7" }), ["us", "eu", "ap"]);
      assert.deepEqual(regions({ client: "2001:db8:1::7" }), ["eu", "us", "ap"]);
      assert.deepEqual(regions({ client: "203.0.113.1" }), ["eu", "us", "ap"]);
      assert.deepEqual(regions({ region: "ap" }), ["ap", "eu", "us"]);
      assert.deepEqual(regions({ region: "us" }, ["us"]), ["eu", "ap", "us"]);
      assert.deepEqual(regions({}, ["eu", "us", "ap"]), ["eu", "us", "ap"]);
      assert.equal(resolve(global, new Set(), {}).ttlSeconds, 60);
      assert.equal(resolve(global, new Set(["ap"]), {}).ttlSeconds, 10);
      assert.deepEqual(resolve(global, new Set(), { region: "us" }).addresses, [
        "192.0.2.2",
        "192.0.2.1",
        "2001:db8::1",
        "192.0.2.3",
      ]);
    });
  });

  it("probes: at once, then at intervals with jitter; they end with their endpoint", async () => {
    const clock = new ManualClock();
    const asked: [string, number][] = [];
    const prober = new Prober({
      clock,
      random: () => 0.75,
      probe: async (address) => {
        asked.push([address, clock.now()]);
        return undefined;
      },
    });
    const spec = (ids: string[], intervalSeconds = 10) =>
      upstream({
        endpoints: ids.map((id) => ({ id, address: `${id}:80` })),
        health: { intervalSeconds, jitterPercent: 10 },
      });
    const backend = new Backend(spec(["a", "b"]), {
      placement: {},
      random: () => 0,
      now: () => clock.now(),
      observer: SILENT,
      decisions: new Decisions(() => 0, ""),
    });
    prober.follow([backend]);
    await clock.advance(21_000);
    assert.deepEqual(
      asked.filter(([address]) => address === "a:80").map(([, time]) => time),
      [0, 10_500, 21_000],
    );
    backend.configure(spec(["b"]));
    prober.follow([backend]);
    asked.length = 0;
    await clock.advance(10_500);
    assert.deepEqual(asked, [["b:80", 31_500]]);
    backend.configure(spec(["b"], 1));
    prober.follow([backend]);
    await clock.advance(1050);
    assert.equal(asked.length, 3, "new settings begin at once");
    prober.close();
    await clock.advance(60_000);
    assert.equal(asked.length, 3);
    backend.destroy();
  });

  it("events: wait while the database is away, in their order, and each is stored once", async () => {
    const queue = new EventQueue(silent);
    const event = (id: string) => endpointEvent("web", { type: "health", id, healthy: false, fault: "down" }, 0, 0);
    const [one, two] = [event("a"), event("b")];
    queue.add(one);
    await assert.rejects(
      queue.flush(() => Promise.reject(new Error("away"))),
      /away/,
    );
    const stored: unknown[] = [];
    await queue.flush(async (batch) => {
      queue.add(two); // meanwhile
      stored.push(...batch);
    });
    await queue.flush(async (batch) => void stored.push(...batch));
    await queue.flush(async (batch) => void stored.push(...batch));
    assert.deepEqual(stored, [one, two]);
    assert.deepEqual(one.data, { upstream: "web", endpoint: "a", by: "probe", reason: "down", until: null });
  });

  it("upstreams: contradictions are found together", () => {
    assert.throws(
      () =>
        upstream({
          endpoints: [
            { id: "a", address: "h:1" },
            { id: "a", address: "h:99999" },
          ],
          hashOn: { source: "cookie" },
          wake: {},
          policy: { name: "round-robin", options: { headroom: 1 } },
          global: {
            regions: [{ region: "eu", addresses: ["1.2.3"], networks: ["10.0.0.0/33"] }],
            failBelowPercent: 80,
          },
        }),
      (error: { faults: { field: string }[] }) => {
        assert.deepEqual(error.faults.map(({ field }) => field).sort(), [
          "/endpoints/1/address",
          "/endpoints/1/id",
          "/global/recoverAbovePercent",
          "/global/regions/0/addresses/0",
          "/global/regions/0/networks/0",
          "/hashOn/name",
          "/policy/options",
          "/wake/workload",
        ]);
        return true;
      },
    );
  });
});
