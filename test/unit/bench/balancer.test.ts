import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { EventQueue } from "../../../bench/balancer/event-queue";
import { cpuMs, versionOf } from "../../../bench/balancer/processes";
import { seeded } from "../../../runtime/kernel/random";
import { logNormal, sample } from "../../../bench/balancer/random";
import { p99Rows } from "../../../bench/balancer/rows";
import { capacityFactor, type Scenario, slownessOf } from "../../../bench/balancer/scenarios";
import { type Contender, percentile, simulate, type World } from "../../../bench/balancer/simulation";
import { readVmNoise } from "../../../bench/balancer/vm-noise";
import { createPolicy } from "../../../runtime/scalability/global-load-balancer/policies";

const WORLD: World = {
  servers: 1,
  workers: 1,
  balancers: 1,
  meanServiceMs: 10,
  sigma: 0.7,
  load: 0.7,
  slowness: () => 1,
  capacityFactor: 1,
  warmUpMs: 10_000,
  durationMs: 2_000_000,
};
const using = (policy: "least-request" | "random", omniscient = false): Contender => ({
  name: policy,
  omniscient,
  create: (random) => createPolicy(policy, {}, { random }),
});
const mean = (values: Iterable<number>): number => {
  const all = [...values];
  return all.reduce((sum, value) => sum + value, 0) / all.length;
};

describe("bench balancer: simulation", () => {
  it("has the mean latency of Pollaczek and Khinchine's formula for one server", () => {
    const { meanServiceMs, sigma, load } = WORLD;
    const secondMoment = meanServiceMs ** 2 * Math.exp(sigma ** 2);
    const expected = meanServiceMs + ((load / meanServiceMs) * secondMoment) / (2 * (1 - load));
    const measured = mean(simulate(WORLD, using("random"), 11));
    assert.ok(Math.abs(measured / expected - 1) < 0.05, `${measured} ms, ${expected} ms by the formula`);
  });

  it("gives each contender the same arrivals, and the same result for the same seed", () => {
    const world = { ...WORLD, servers: 5, workers: 2, durationMs: 20_000 };
    const [first, again] = [simulate(world, using("random"), 3), simulate(world, using("random"), 3)];
    assert.deepEqual(first, again);
    assert.equal(simulate(world, using("least-request"), 3).length, first.length);
  });

  it("lets the omniscient see the requests of all balancers", () => {
    const world = { ...WORLD, servers: 10, workers: 2, load: 0.9, balancers: 10, durationMs: 30_000 };
    const blind = percentile(simulate(world, using("least-request"), 5), 99);
    const global = percentile(simulate(world, using("least-request", true), 5), 99);
    assert.ok(global < 0.9 * blind, `${global} ms, ${blind} ms without`);
  });

  it("takes events in the order of their times", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), (times) => {
        const queue = new EventQueue<null>();
        times.forEach((at) => queue.push(at, null));
        const taken: number[] = [];
        for (let event = queue.pop(); event !== undefined; event = queue.pop()) taken.push(event.at);
        assert.deepEqual(
          taken,
          times.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it("draws what it says it draws", () => {
    const random = seeded(1);
    const draws = Array.from({ length: 50_000 }, () => logNormal(random, 40, 0.7));
    assert.ok(Math.abs(mean(draws) - 40) < 0.6);
    assert.equal(new Set(sample(random, 10, 4)).size, 4);
  });

  it("takes the nearest rank for a percentile", () => {
    const values = Float64Array.from({ length: 200 }, (_, index) => index + 1);
    assert.deepEqual([percentile(values, 50), percentile(values, 99), percentile(values, 100)], [100, 198, 200]);
  });
});

describe("bench balancer: scenarios", () => {
  for (const kind of ["homogeneous", "slow", "antagonist"] as const) {
    it(`${kind}: the capacity factor is the mean of 1 / slowness`, () => {
      const scenario: Scenario = { kind, load: 0.9 };
      const slowness = slownessOf(scenario, 20, 4);
      const samples = Array.from(
        { length: 20 * 40 },
        (_, index) => 1 / slowness(index % 20, Math.floor(index / 20) * 2500),
      );
      assert.ok(Math.abs(mean(samples) - capacityFactor(scenario, 20)) < 1e-9);
    });
  }

  it("moves the antagonists, the same way for the same seed", () => {
    const at = (seed: number, now: number): number[] => {
      const slowness = slownessOf({ kind: "antagonist", load: 0.9 }, 16, seed);
      return Array.from({ length: 16 }, (_, server) => slowness(server, now));
    };
    assert.deepEqual(at(1, 12_000), at(1, 12_000));
    assert.notDeepEqual(at(1, 0), at(1, 5000));
    assert.notDeepEqual(at(1, 0), at(2, 0));
  });
});

describe("bench balancer: VM noise", () => {
  const folders: string[] = [];
  after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

  const folderWith = async (files: Record<string, string>): Promise<string> => {
    const folder = await mkdtemp(join(tmpdir(), "mno-bench-noise-"));
    folders.push(folder);
    await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));
    return folder;
  };

  it("is the median throughput over a sample's, a second each", async () => {
    const folder = await folderWith({ "a.csv": "other\n1\n", "b.csv": "value,VM_id\n100,7\n50,7\n100,7\n" });
    const noise = readVmNoise(folder)!;
    assert.equal(noise.name, "b.csv");
    const slowness = noise.slowness(1);
    assert.deepEqual([0, 1000, 2000].map((now) => slowness(0, now)).sort(), [1, 1, 2]);
  });

  it("is absent where no file has the columns, or there is no folder", async () => {
    assert.equal(readVmNoise(await folderWith({ "a.csv": "other\n1\n" })), undefined);
    assert.equal(readVmNoise(join(tmpdir(), "mno-no-such-folder")), undefined);
  });
});

describe("bench balancer: rows", () => {
  it("compares with global JSQ seed by seed", () => {
    const p99 = new Map([
      ["ours", [10, 30]],
      ["global JSQ", [20, 20]],
      ["peer", [40, 60]],
    ]);
    const [milliseconds, ratio] = p99Rows("work", p99, "source");
    assert.equal(milliseconds!.ours, 20);
    assert.equal(ratio!.ours, 1);
    assert.deepEqual(ratio!.peers, { "global JSQ": 1, peer: 2.5 });
  });
});

describe("bench balancer: processes", () => {
  it("says of a program that is not there that it is not", () => {
    assert.equal(versionOf("mno-no-such-program"), undefined);
    assert.match(versionOf("node")!, /^\d+\.\d+/);
  });

  it("counts the CPU time of a process, which only grows", () => {
    const before = cpuMs(process.pid);
    for (let value = 0, end = performance.now() + 20; performance.now() < end;) value += Math.sqrt(value);
    assert.ok(before > 0 && cpuMs(process.pid) > before);
  });
});
