import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ManualClock } from "../../../runtime/kernel/clock";
import type { ReplicaStatus, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import { MetricsSource, SCRAPE_LIMITS } from "../../../runtime/scalability/auto-scaling-engine/metrics-source";
import { NOW, replica, scaler } from "./support";

const COUNTER = { type: "pods", name: "http_requests_total", labels: { code: "200" }, target: { averageValue: 10 } };
const GAUGE = { type: "pods", name: "queue", target: { averageValue: 10 } };

describe("auto-scaling engine: metrics source", () => {
  let server: Server;
  let port: number;
  let clock: ManualClock;
  let source: MetricsSource;
  /** What each replica answers, by its name. */
  let pages: Record<string, string>;
  let failures: string[];
  const closing: MetricsSource[] = [];

  const open = (limits = SCRAPE_LIMITS): MetricsSource => {
    const opened = new MetricsSource(
      clock,
      (workload, name, error) => void failures.push(`${workload}/${name}: ${String(error)}`),
      limits,
    );
    closing.push(opened);
    return opened;
  };

  before(async () => {
    server = createServer((request, response) => {
      const page = pages[request.url ?? ""];
      if (page === "slow") return; // never answers
      if (page === undefined) response.writeHead(404).end();
      else response.end(page);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    clock = new ManualClock(NOW);
    pages = {};
    failures = [];
    source = open();
  });
  afterEach(async () => {
    for (const opened of closing.splice(0)) await opened.close();
  });

  /** The endpoint carries the replica's name as first part of its path, so that one server can play all replicas. */
  const fleet = (changes: Record<string, Partial<ReplicaStatus>>): WorkloadStatus => ({
    spec: {
      name: "web",
      kind: "service",
      command: ["node"],
      requests: { cpuCores: 1, memoryBytes: 1 },
      replicas: 1,
      ports: [
        { name: "http", port: 0 },
        { name: "admin", port: 0 },
      ],
    },
    generation: 1,
    phase: "ready",
    desiredReplicas: 1,
    readyReplicas: 1,
    replicas: Object.entries(changes).map(([name, change]) =>
      replica(name, {
        endpoints: { http: `127.0.0.1:${String(port)}/${name}`, admin: `127.0.0.1:${String(port)}/${name}/admin` },
        ...change,
      }),
    ),
    endpoints: {},
  });
  const read = async (status: WorkloadStatus, metric: object, from = source, changes: object = {}) => {
    const spec = scaler({ metrics: [metric], ...changes });
    const [reading] = [...(await from.collect(status, spec)).values()];
    assert.ok(reading && "values" in reading);
    return { values: Object.fromEntries(reading.values), faults: reading.faults };
  };

  it("sums the matching series of each ready replica", async () => {
    pages["/a/metrics"] = 'queue{kind="x"} 3\nqueue{kind="y"} 4\nother 100\n';
    pages["/b/metrics"] = "queue 5\n";
    const status = fleet({ a: {}, b: {}, c: { phase: "unready" }, d: { phase: "starting" } });
    assert.deepEqual(await read(status, GAUGE), { values: { a: 7, b: 5 }, faults: [] });
    const filtered = await read(status, { ...GAUGE, labels: { kind: "y" } });
    assert.deepEqual(filtered.values, { a: 4 });
    assert.deepEqual(filtered.faults, ['b has no series queue{kind="y"}; it counts as missing']);
  });

  it("scrapes the port and the path that the scaler names", async () => {
    pages["/a/admin/internal"] = "queue 9\n";
    const { values } = await read(fleet({ a: {} }), GAUGE, source, { port: "admin", path: "/internal" });
    assert.deepEqual(values, { a: 9 });
    const { faults } = await read(fleet({ a: {} }), GAUGE, source, { port: "grpc" });
    assert.deepEqual(faults, ["a could not be scraped: it has no endpoint for port grpc"]);
  });

  it("does not scrape for a scaler without pods metrics", async () => {
    assert.equal((await source.collect(fleet({ a: {} }), scaler())).size, 0);
    assert.deepEqual(failures, []);
  });

  describe("counters", () => {
    const page = (...counts: [code: string, count: number][]): void => {
      const lines = counts.map(([code, count]) => `http_requests_total{code="${code}"} ${String(count)}`);
      pages["/a/metrics"] = ["# TYPE http_requests_total counter", ...lines, ""].join("\n");
    };

    it("become rates per second between two scrapes", async () => {
      page(["200", 100], ["500", 7]);
      const first = await read(fleet({ a: {} }), COUNTER);
      assert.deepEqual(first, {
        values: {},
        faults: ["a was scraped for the first time, and a rate needs two scrapes; it counts as missing"],
      });
      await clock.advance(10_000);
      page(["200", 150], ["500", 900]);
      assert.deepEqual(await read(fleet({ a: {} }), COUNTER), { values: { a: 5 }, faults: [] });
    });

    it("keep the rate when asked again at once", async () => {
      page(["200", 0]);
      await read(fleet({ a: {} }), COUNTER);
      await clock.advance(100);
      assert.match((await read(fleet({ a: {} }), COUNTER)).faults?.[0] ?? "", /too soon for a rate/);
      await clock.advance(9_900);
      page(["200", 50]);
      await read(fleet({ a: {} }), COUNTER);
      page(["200", 51]);
      await clock.advance(1);
      assert.deepEqual((await read(fleet({ a: {} }), COUNTER)).values, { a: 5 });
    });

    it("count from zero after a reset, which a fall or a new process shows", async () => {
      page(["200", 100]);
      await read(fleet({ a: {} }), COUNTER);
      await clock.advance(10_000);
      page(["200", 30]);
      assert.deepEqual((await read(fleet({ a: {} }), COUNTER)).values, { a: 3 });
      await clock.advance(10_000);
      page(["200", 40]);
      const restarted = fleet({ a: { restarts: 1, startedAt: new Date(NOW + 15_000).toISOString() } });
      assert.deepEqual((await read(restarted, COUNTER)).values, { a: 4 });
    });

    it("a series that appears between two scrapes counts from zero", async () => {
      page(["200", 10], ["201", 5]);
      await read(fleet({ a: {} }), { ...COUNTER, labels: {} });
      await clock.advance(10_000);
      page(["200", 20], ["201", 5], ["204", 10]);
      assert.deepEqual((await read(fleet({ a: {} }), { ...COUNTER, labels: {} })).values, { a: 2 });
    });

    it("a lost scrape costs one reading, not the baseline", async () => {
      page(["200", 0]);
      await read(fleet({ a: {} }), COUNTER);
      await clock.advance(10_000);
      pages = {};
      assert.deepEqual((await read(fleet({ a: {} }), COUNTER)).values, {});
      await clock.advance(10_000);
      page(["200", 100]);
      assert.deepEqual((await read(fleet({ a: {} }), COUNTER)).values, { a: 5 });
    });

    it("are forgotten with their workload", async () => {
      page(["200", 0]);
      await read(fleet({ a: {} }), COUNTER);
      source.forget("web");
      await clock.advance(10_000);
      assert.match((await read(fleet({ a: {} }), COUNTER)).faults?.[0] ?? "", /first time/);
    });
  });

  it("names and counts each replica that cannot be read, and reads the others", async () => {
    const strict = open({ timeoutMilliseconds: 100, bodyBytes: 1000, parallel: 2 });
    pages["/good/metrics"] = "queue 1\n";
    pages["/large/metrics"] = "# ".padEnd(5000, "x");
    pages["/broken/metrics"] = "queue one\n";
    pages["/slow/metrics"] = "slow";
    const status = fleet({
      missing: {},
      large: {},
      broken: {},
      slow: {},
      gone: { endpoints: { http: "127.0.0.1:1" } },
      good: {},
    });
    const { values, faults } = await read(status, GAUGE, strict);
    assert.deepEqual(values, { good: 1 });
    const why = Object.fromEntries(
      (faults ?? []).map((fault) => fault.split(" could not be scraped: ") as [string, string]),
    );
    assert.equal(why.missing, "/missing/metrics answered 404, not 200");
    assert.equal(why.large, "the answer is larger than 1000 bytes");
    assert.match(why.broken ?? "", /line 1 has no number after queue/);
    assert.match(why.slow ?? "", /timeout/i);
    assert.match(why.gone ?? "", /ECONNREFUSED|bad port/);
    assert.equal(failures.length, 5);
  });

  it("passes on when a value was measured, where the text says so", async () => {
    pages["/a/metrics"] = `queue 3 ${String(NOW - 90_000)}\nqueue{x="1"} 4 ${String(NOW - 5_000)}\n`;
    pages["/b/metrics"] = `queue 3 ${String((NOW - 60_000) / 1000)}.0\n`;
    pages["/c/metrics"] = "queue 3\n";
    const spec = scaler({ metrics: [GAUGE] });
    const [[, reading] = []] = await source.collect(fleet({ a: {}, b: {}, c: {} }), spec);
    assert.ok(reading && "times" in reading);
    assert.deepEqual(Object.fromEntries(reading.times ?? []), {
      a: { time: NOW - 90_000, windowSeconds: 0 },
      b: { time: NOW - 60_000, windowSeconds: 0 },
    });
  });

  describe("external endpoints", () => {
    const external = (changes: object = {}) => {
      const endpoint = `http://127.0.0.1:${String(port)}/queue`;
      return scaler({
        metrics: [{ type: "external", name: "jobs_waiting", endpoint, target: { value: 10 }, ...changes }],
      });
    };
    const ask = async (spec = external()) => [...(await source.collect(fleet({}), spec)).values()][0];

    it("give the sum of the series with the wanted labels, and their age", async () => {
      pages["/queue"] = `jobs_waiting{queue="a"} 3 ${String(NOW - 7000)}\njobs_waiting{queue="b"} 4\n`;
      assert.deepEqual(await ask(), { value: 7, time: NOW - 7000 });
      assert.deepEqual(await ask(external({ labels: { queue: "b" } })), { value: 4 });
    });

    it("give counters as rates, over an outage too", async () => {
      const spec = external({ name: "jobs_total" });
      const at = (count: number): string => `# TYPE jobs_total counter\njobs_total ${String(count)}\n`;
      pages["/queue"] = at(100);
      assert.match(JSON.stringify(await ask(spec)), /a rate needs two scrapes/);
      await clock.advance(10_000);
      delete pages["/queue"];
      assert.match(JSON.stringify(await ask(spec)), /could not be scraped: \/queue answered 404/);
      await clock.advance(10_000);
      pages["/queue"] = at(160);
      assert.deepEqual(await ask(spec), { value: 3 });
    });

    it("that are down are an error and not a zero", async () => {
      const reading = await ask(external({ endpoint: "http://127.0.0.1:1/metrics" }));
      assert.ok(reading && "error" in reading);
      assert.equal(failures.length, 1);
    });

    it("are refused where they are no URL, or belong to another type", () => {
      assert.throws(() => external({ endpoint: "file:///etc/passwd" }), /endpoint must be a URL/);
      assert.throws(() => external({ endpoint: "http://user:password@host/metrics" }), /endpoint must be a URL/);
      const metrics = [{ ...GAUGE, endpoint: "http://host/metrics" }];
      assert.throws(() => scaler({ metrics }), /belongs to metrics of type external only/);
    });
  });
});
