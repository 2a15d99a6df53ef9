import assert from "node:assert/strict";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { WorkloadSpec } from "../../../runtime/exports";
import type { ClusterNode, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import type { Advice } from "../../../runtime/scalability/performance-optimizer/advice/schemas";
import { performanceOptimizer } from "../../../runtime/scalability/performance-optimizer/agent";
import type { Experiment } from "../../../runtime/scalability/performance-optimizer/experiments/schemas";
import { ManualClock } from "../../../runtime/kernel/clock";
import { FakeCluster, silent, TestAgent } from "../auto-scaling-engine/fakes";
import { NOW } from "../auto-scaling-engine/support";

const MINUTE = 60_000;
/** Few samples a day, that the tests be quick, are little confidence. */
const SETTINGS = { MNO_OPTIMIZER_SAMPLE_SECONDS: "600", MNO_OPTIMIZER_LEAST_CONFIDENCE: "0.01" };
const GIB = 2 ** 30;
const NODE: ClusterNode = {
  name: "node-1",
  ready: true,
  zone: "a",
  labels: {},
  capacity: { cpuCores: 4, memoryBytes: 16 * GIB },
  allocatable: { cpuCores: 4, memoryBytes: 16 * GIB },
};

/** A fake that also lists, has a node and takes specifications. */
class OptimizerCluster extends FakeCluster {
  /** When set, `list` fails with it. */
  away: Error | undefined;
  override readonly clusterNodes = [NODE];
  /** Called when `apply` has changed a workload, before its caller hears of it. */
  applied: (() => Promise<void>) | undefined;

  override async list(): Promise<WorkloadStatus[]> {
    if (this.away) throw this.away;
    return super.list();
  }

  async apply(spec: WorkloadSpec): Promise<WorkloadStatus> {
    const status = this.workloads.get(spec.name) as WorkloadStatus;
    status.spec = structuredClone(spec);
    status.generation += 1;
    await this.applied?.();
    return status;
  }
}

/** Can be set ahead without waking who sleeps: the outbox would else look at its table for every second of half a day. */
class SkippingClock extends ManualClock {
  private skipped = 0;

  override now(): number {
    return super.now() + this.skipped;
  }

  skip(milliseconds: number): void {
    this.skipped += milliseconds;
  }
}

class OptimizerAgent extends TestAgent {
  override readonly clock = new SkippingClock(NOW);
  override readonly cluster = new OptimizerCluster();

  async round(name: string): Promise<void> {
    const loop = this.loops.get(name);
    assert.ok(loop, `there is no loop ${name}`);
    await loop.work();
  }

  use(workload: string, cpuCores: number, memoryBytes = GIB): void {
    for (const replica of (this.cluster.workloads.get(workload) as WorkloadStatus).replicas) {
      replica.usage = { cpuCores, memoryBytes };
    }
  }
}

describe("performance optimizer: agent", () => {
  let database: Database;
  let agent: OptimizerAgent;

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());
  beforeEach(async () => {
    agent = new OptimizerAgent(database);
    await agent.start(performanceOptimizer, SETTINGS);
  });
  afterEach(async () => {
    await agent.stop();
    for (const table of ["outbox", "po_usage", "po_advice", "po_experiments"])
      await database.query(`TRUNCATE ${table}`);
  });

  /** Samples every ten minutes for so many hours, at 0.1 cores with a peak of 0.2 every tenth. */
  async function sampleHours(hours: number): Promise<void> {
    for (let round = 0; round < hours * 6; round++) {
      for (const workload of agent.cluster.workloads.keys()) agent.use(workload, round % 10 === 0 ? 0.2 : 0.1);
      agent.clock.skip(10 * MINUTE);
      await agent.round("sample");
    }
  }
  const listed = async (query = ""): Promise<Advice[]> =>
    ((await agent.call("GET", `/v1/advice${query}`)).body as { items: Advice[] }).items;
  const code = ({ body }: { body: unknown }): string => (body as { code: string }).code;

  describe("right-sizing", () => {
    beforeEach(() => {
      agent.cluster.add("web", 2, { requests: { cpuCores: 1, memoryBytes: 4 * GIB } });
      agent.cluster.add("api", 1, { requests: { cpuCores: 1, memoryBytes: 4 * GIB } });
    });

    it("advises what the samples bear out, applies it and takes it back on request", async function () {
      this.timeout(30_000);
      await sampleHours(12);
      await agent.round("advise");
      const advice = (await listed("?workload=web"))[0]!;
      assert.ok(advice.to.cpuCores > 0.1 && advice.to.cpuCores < 0.3, String(advice.to.cpuCores));
      assert.ok(advice.to.memoryBytes > GIB && advice.to.memoryBytes < 1.3 * GIB, String(advice.to.memoryBytes));
      assert.ok(Math.abs(advice.expected.cpuCoresSaved - 2 * (1 - advice.to.cpuCores)) < 1e-9);
      assert.ok(Math.abs(advice.confidence - 0.1 / 1.1) < 1e-9, String(advice.confidence));
      assert.deepEqual(JSON.parse(advice.patch), { requests: advice.to });
      assert.equal(advice.inputs.fleet, 2);
      assert.deepEqual(await agent.call("GET", `/v1/decisions/${advice.id}`), { status: 200, body: advice });

      // Nothing is changed before somebody asks for it.
      const requests = () => agent.cluster.workloads.get("web")!.spec.requests;
      assert.equal(requests().cpuCores, 1);
      const applied = await agent.call("POST", `/v1/advice/${advice.id}/apply`);
      assert.deepEqual(applied, { status: 200, body: { ...advice, state: "applied" } });
      assert.deepEqual(requests(), advice.to);
      assert.equal((await agent.call("POST", `/v1/advice/${advice.id}/apply`)).status, 200, "it may be repeated");
      await agent.round("advise");
      assert.deepEqual(await listed("?workload=web&state=open"), [], "what is right needs no advice");
      const reverted = await agent.call("POST", `/v1/advice/${advice.id}/revert`);
      assert.deepEqual(reverted, { status: 200, body: { ...advice, state: "reverted" } });
      assert.deepEqual(requests(), advice.from);
      assert.equal(code(await agent.call("POST", `/v1/advice/${advice.id}/apply`)), "MNO_ADVICE_NOT_APPLICABLE");
    });

    it("issues one event for advice that stays the same", async function () {
      this.timeout(30_000);
      await sampleHours(12);
      await agent.round("advise");
      await agent.round("advise");
      const rows = await database.query<{ event: { type: string; subject: string } }>("SELECT event FROM outbox");
      const published = [...agent.bus.published, ...rows.map(({ event }) => event)];
      assert.deepEqual(published.map(({ subject }) => subject).sort(), ["api", "web"]);
      assert.ok(published.every(({ type }) => type === "mno.scalability.advice.issued"));
    });

    it("keeps its histories over a restart, and advises less surely where samples are missing", async function () {
      this.timeout(30_000);
      await sampleHours(10);
      agent.cluster.away = new Error("the metrics are down");
      await assert.rejects(agent.round("sample"));
      agent.clock.skip(120 * MINUTE);
      const later = new OptimizerAgent(database);
      agent.cluster.away = undefined;
      for (const [name, status] of agent.cluster.workloads) later.cluster.workloads.set(name, status);
      later.clock.skip(agent.clock.now() - later.clock.now());
      await agent.stop();
      agent = later;
      await agent.start(performanceOptimizer, SETTINGS);
      await sampleHours(1);
      await agent.round("advise");
      const { inputs } = (await listed("?workload=api"))[0]!;
      assert.equal(inputs.cpuSamples, 11 * 6);
      assert.ok(Math.abs(inputs.coverage - 11 / 13) < 0.02, String(inputs.coverage));
    });

    it("rejects samples that cannot be true, and counts them by reason", async () => {
      for (const lie of [NaN, -1, 1e6, Infinity]) {
        agent.use("web", lie);
        agent.use("api", 0.5);
        agent.clock.skip(MINUTE);
        await agent.round("sample");
      }
      const text = await agent.metrics.registry.metrics();
      const counted = (result: string): number =>
        Number(new RegExp(`mno_optimizer_samples_total\\{result="${result}"\\} (\\d+)`).exec(text)?.[1]);
      assert.deepEqual(["not-finite", "negative", "impossible", "accepted"].map(counted), [4, 2, 2, 16]);
      const [row] = await database.query<{ checkpoint: { cpuSamples: number } }>(
        "SELECT checkpoint FROM po_usage WHERE workload = 'web'",
      );
      assert.equal(row?.checkpoint.cpuSamples, 0);
    });

    it("does not apply what it cannot hand back whole, nor over another's change", async function () {
      this.timeout(30_000);
      agent.cluster.workloads.get("web")!.spec.secretEnvironment = { KEY: "***" };
      await sampleHours(12);
      await agent.round("advise");
      const [secret] = await listed("?workload=web");
      const refused = await agent.call("POST", `/v1/advice/${secret!.id}/apply`);
      assert.equal(code(refused), "MNO_ADVICE_NOT_APPLICABLE");
      assert.equal((refused.body as { patch: string }).patch, secret!.patch);
      const [open] = await listed("?workload=api");
      agent.cluster.workloads.get("api")!.spec.requests.cpuCores = 2;
      assert.equal(code(await agent.call("POST", `/v1/advice/${open!.id}/apply`)), "MNO_ADVICE_NOT_APPLICABLE");
      assert.equal(code(await agent.call("POST", "/v1/advice/adv_none/apply")), "MNO_ADVICE_NOT_FOUND");
    });
  });

  describe("right-sizing while others change the workload", () => {
    const live = (): WorkloadStatus => agent.cluster.workloads.get("web")!;
    const release = (): void => {
      live().spec.command = ["node", "next"];
      live().generation += 1;
    };
    let advice: Advice;

    beforeEach(async function () {
      this.timeout(30_000);
      agent.cluster.add("web", 1, { requests: { cpuCores: 1, memoryBytes: 4 * GIB } });
      await sampleHours(12);
      await agent.round("advise");
      advice = (await listed())[0]!;
    });

    it("refuses to apply over a change that came after it had read the workload", async () => {
      const get = agent.cluster.get.bind(agent.cluster);
      agent.cluster.get = async (name) => {
        const status = await get(name);
        agent.cluster.get = get;
        release();
        return status;
      };
      assert.equal(code(await agent.call("POST", `/v1/advice/${advice.id}/apply`)), "MNO_ADVICE_NOT_APPLICABLE");
      assert.deepEqual([live().spec.command, live().spec.requests.cpuCores], [["node", "next"], 1]);
      assert.equal((await agent.call("POST", `/v1/advice/${advice.id}/apply`)).status, 200, "of the new one");
      assert.deepEqual([live().spec.command, live().spec.requests], [["node", "next"], advice.to]);
    });

    it("takes back what was superseded meanwhile, and keeps what another changed meanwhile", async () => {
      agent.cluster.applied = async () => {
        agent.cluster.applied = undefined;
        release();
        await database.query(
          `UPDATE po_advice SET state = 'superseded', advice = jsonb_set(advice, '{state}', '"superseded"')`,
        );
      };
      assert.equal(code(await agent.call("POST", `/v1/advice/${advice.id}/apply`)), "MNO_ADVICE_NOT_APPLICABLE");
      assert.deepEqual([live().spec.command, live().spec.requests], [["node", "next"], advice.from]);
    });

    it("does not take back what another request for the same has recorded", async () => {
      agent.cluster.applied = async () => {
        agent.cluster.applied = undefined;
        assert.equal((await agent.call("POST", `/v1/advice/${advice.id}/apply`)).status, 200);
      };
      const { status, body } = await agent.call("POST", `/v1/advice/${advice.id}/apply`);
      assert.deepEqual([status, (body as Advice).state], [200, "applied"]);
      assert.deepEqual(live().spec.requests, advice.to);
    });
  });

  describe("right-sizing as the fleet changes", () => {
    beforeEach(() => agent.cluster.add("web", 1, { requests: { cpuCores: 1, memoryBytes: 4 * GIB } }));
    const spec = (): WorkloadSpec => agent.cluster.workloads.get("web")!.spec;

    it("neither applies nor reverts advice where the workload was given secrets since", async function () {
      this.timeout(30_000);
      await sampleHours(12);
      await agent.round("advise");
      const [advice] = await listed();
      assert.equal(advice?.obstacle, null);
      spec().secretEnvironment = { KEY: "***" };
      await agent.round("advise");
      assert.equal((await listed("?state=open"))[0]?.id, advice.id, "the advice is still the same");
      assert.equal(code(await agent.call("POST", `/v1/advice/${advice.id}/apply`)), "MNO_ADVICE_NOT_APPLICABLE");
      assert.equal(spec().requests.cpuCores, 1);

      delete spec().secretEnvironment;
      assert.equal((await agent.call("POST", `/v1/advice/${advice.id}/apply`)).status, 200);
      spec().secretEnvironment = { KEY: "***" };
      assert.equal(code(await agent.call("POST", `/v1/advice/${advice.id}/revert`)), "MNO_ADVICE_NOT_APPLICABLE");
      assert.deepEqual(spec().requests, advice.to);
    });

    it("counts the samples of a replica that was still starting when it was first seen", async () => {
      const replica = agent.cluster.workloads.get("web")!.replicas[0]!;
      replica.phase = "starting";
      await agent.round("sample");
      replica.phase = "ready";
      agent.use("web", 0.1);
      for (let round = 0; round < 3; round++) {
        agent.clock.skip(10 * MINUTE);
        await agent.round("sample");
      }
      const [row] = await database.query<{ checkpoint: { cpuSamples: number } }>("SELECT checkpoint FROM po_usage");
      assert.equal(row?.checkpoint.cpuSamples, 3);
    });

    it("forgets a workload eight days after its last sample, as the store does", async () => {
      const tracked = async (): Promise<string | undefined> =>
        /mno_optimizer_workloads (\d+)/.exec(await agent.metrics.registry.metrics())?.[1];
      agent.use("web", 0.1);
      await agent.round("sample");
      agent.cluster.workloads.delete("web");
      agent.clock.skip(8 * 24 * 60 * MINUTE);
      await agent.round("sample");
      assert.equal(await tracked(), "1");
      agent.clock.skip(MINUTE);
      await agent.round("sample");
      assert.equal(await tracked(), "0");
    });
  });

  describe("bottlenecks", () => {
    it("ranks what it is given, and what the cluster measures", async () => {
      const given = await agent.call("POST", "/v1/bottlenecks", {
        resources: [
          { resource: "cpu", capacity: 4, busy: 1 },
          { resource: "database pool", capacity: 10, busy: 9.8, queue: 12, throughput: 300, serviceSeconds: 0.015 },
        ],
      });
      const [first, ...others] = (given.body as { items: { resource: string; evidence: string[] }[] }).items;
      assert.equal(first?.resource, "database pool");
      assert.deepEqual(first.evidence, ["utilisation 98 % (9.8 of 10)", "queue 12", "waiting 40 ms of 55 ms"]);
      assert.deepEqual(others, []);

      agent.cluster.add("web", 1, { requests: { cpuCores: 1, memoryBytes: 4 * GIB } });
      agent.use("web", 0.97);
      const { items } = (await agent.call("GET", "/v1/bottlenecks")).body as { items: { resource: string }[] };
      assert.deepEqual(
        items.map(({ resource }) => resource),
        ["workload web cpu"],
      );
    });
  });

  describe("experiments", () => {
    let server: Server;
    let base: string;
    let value: number;
    let puts: number[];
    let broken: boolean;
    /** Called with each answer that is held back: those of /stuck. */
    let stuck: ((response: ServerResponse) => void) | undefined;
    /** The objective at a value. */
    let curve: (of: number) => number;

    beforeEach(async () => {
      [value, puts, broken, curve] = [8, [], false, (of) => of];
      let draw = 0;
      stuck = undefined;
      server = createServer((request, response) => {
        if (request.url === "/stuck" && stuck) return stuck(response);
        if (broken) return response.writeHead(500).end();
        if (request.method === "GET") {
          draw += 1;
          return response.end(JSON.stringify({ objective: curve(value) + (draw % 3) * 0.01 }));
        }
        let body = "";
        request.on("data", (chunk: Buffer) => (body += chunk.toString()));
        request.on("end", () => {
          value = (JSON.parse(body) as { value: number }).value;
          puts.push(value);
          response.end("{}");
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      base = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    });
    afterEach(() => new Promise((resolve) => server.close(resolve)));

    const input = (changes: object = {}) => ({
      knob: { name: "pool size", minimum: 1, maximum: 32, current: 8, url: `${base}/knob` },
      candidate: 16,
      measureUrl: `${base}/measure`,
      objective: { name: "latency", better: "lower" },
      windowSeconds: 10,
      ...changes,
    });
    const begin = async (changes: object = {}): Promise<string> =>
      ((await agent.call("POST", "/v1/experiments", input(changes))).body as Experiment).id;
    const read = async (id: string): Promise<Experiment> =>
      (await agent.call("GET", `/v1/experiments/${id}`)).body as Experiment;
    const rounds = async (count: number): Promise<void> => {
      for (let round = 0; round < count; round++) {
        await agent.round("experiments");
        agent.clock.skip(10_000);
      }
    };

    it("stops on a regression and turns the knob back", async () => {
      const id = await begin();
      await rounds(20);
      const experiment = await read(id);
      assert.equal(experiment.outcome, "worse");
      assert.equal(experiment.state, "done");
      assert.equal(value, 8);
      assert.ok(experiment.windows.length < 20);
      assert.ok(Math.abs(experiment.effect! - 1) < 0.05, String(experiment.effect));
      assert.ok(puts.every((one) => one === 8 || one === 16));
    });

    it("keeps a better value where that is asked for, and only then", async () => {
      curve = (of) => 100 / of;
      const first = await begin();
      await rounds(20);
      assert.deepEqual([(await read(first)).outcome, value], ["better", 8]);
      const second = await begin({ keep: true });
      await rounds(20);
      assert.deepEqual([(await read(second)).outcome, value], ["better", 16]);
    });

    it("turns the knob back after a restart in the middle, and refuses a second experiment meanwhile", async () => {
      const id = await begin();
      assert.equal(code(await agent.call("POST", "/v1/experiments", input())), "MNO_EXPERIMENT_CONFLICT");
      await rounds(2);
      assert.equal(value, 16);
      const later = new OptimizerAgent(database);
      await agent.stop();
      agent = later;
      await agent.start(performanceOptimizer, SETTINGS);
      broken = true;
      await rounds(1);
      assert.deepEqual([(await read(id)).state, value], ["reverting", 16]);
      broken = false;
      await rounds(1);
      assert.deepEqual([(await read(id)).state, (await read(id)).outcome, value], ["done", "interrupted", 8]);
    });

    it("turns no knob any more once its term has ended, neither on nor back", async () => {
      for (const changes of [{}, { guard: { maximum: -1 } }]) {
        const id = await begin(changes);
        await rounds(changes.guard ? 2 : 1);
        const before = [...puts];
        curve = (of) => {
          agent.term.abort(new Error("the term is over"));
          return of;
        };
        await rounds(1);
        assert.deepEqual(puts, before);
        // The next leader does.
        const later = new OptimizerAgent(database);
        later.clock.skip(agent.clock.now() - later.clock.now());
        await agent.stop();
        agent = later;
        await agent.start(performanceOptimizer, SETTINGS);
        curve = (of) => of;
        await rounds(1);
        assert.deepEqual([(await read(id)).state, value], ["done", 8]);
      }
    });

    it("ends on a broken guard, on request, and where the measurements do not come", async () => {
      const guarded = await begin({ guard: { maximum: 5 } });
      await rounds(4);
      assert.deepEqual([(await read(guarded)).outcome, value], ["worse", 8]);
      const stopped = await begin();
      await rounds(2);
      await agent.call("POST", `/v1/experiments/${stopped}/stop`);
      await rounds(1);
      assert.deepEqual([(await read(stopped)).outcome, value], ["stopped", 8]);
      const failed = await begin();
      await rounds(2);
      broken = true;
      await rounds(1);
      broken = false;
      await rounds(1);
      assert.deepEqual([(await read(failed)).outcome, value], ["failed", 8]);
    });

    it("does not hold an experiment up while the knob of another does not answer", async () => {
      const held: ServerResponse[] = [];
      stuck = (response) => held.push(response);
      const silentOne = await begin({ knob: { ...input().knob, url: `${base}/stuck` } });
      const other = await begin();
      const round = agent.round("experiments");
      while (puts.length === 0 || held.length === 0) await new Promise(setImmediate);
      stuck = (response) => response.writeHead(500).end();
      for (const response of held) stuck(response);
      await round;
      assert.deepEqual([(await read(silentOne)).outcome, (await read(other)).state], ["failed", "running"]);
    });

    it("names all that is wrong with a knob", async () => {
      const { status, body } = await agent.call("POST", "/v1/experiments", input({ candidate: 99 }));
      assert.equal(status, 422);
      assert.deepEqual((body as { errors?: unknown; code: string }).code, "MNO_KNOB_INVALID");
    });

    it("takes no URL with user and password, and does not repeat them", async () => {
      const knob = { ...input().knob, url: "http://user:secret@127.0.0.1/knob" };
      const { status, body } = await agent.call(
        "POST",
        "/v1/experiments",
        input({ knob, measureUrl: "http://secret@[/" }),
      );
      const { code, faults } = body as { code: string; faults: { field: string; message: string }[] };
      assert.deepEqual([status, code], [422, "MNO_KNOB_INVALID"]);
      assert.deepEqual(faults, [
        {
          field: "/knob/url",
          message: "must not carry user and password: whoever may read the experiment would see them",
        },
        { field: "/measureUrl", message: "must be a URL" },
      ]);
      assert.doesNotMatch(JSON.stringify(body), /secret/);
    });
  });
});
