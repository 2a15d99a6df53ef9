import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oracle } from "../../../../bench/autoscaling/baselines";
import { wasteAt } from "../../../../bench/autoscaling/contenders";
import { hpa } from "../../../../bench/autoscaling/hpa";
import { kpa } from "../../../../bench/autoscaling/kpa";
import { ours } from "../../../../bench/autoscaling/ours";
import { DEFAULT_SETTING, type PolicyFactory, replay } from "../../../../bench/autoscaling/replay";
import { readTraces, sampler, type Trace } from "../../../../bench/autoscaling/trace";
import { DAY, HOUR, START, wavy } from "./support";

const traceOf = (load: (minute: number) => number, minutes: number): Trace => ({
  name: "synthetic",
  times: Array.from({ length: minutes }, (_, minute) => START + minute * 60_000),
  values: Array.from({ length: minutes }, (_, minute) => load(minute)),
});
const constant =
  (replicas: number): PolicyFactory =>
  () =>
  () =>
    replicas;
const windowOf = ({ times }: Trace): { from: number; to: number } => ({ from: times[0]!, to: times.at(-1)! });

describe("traces of the autoscaling bench", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mno-traces-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are read in three formats; minutes are summed, gaps and lies left out", () => {
    const write = (name: string, lines: string[]): void => writeFileSync(join(folder, name), lines.join("\n"));
    write("a.csv", ["period,count", "2026-01-05 00:01:00,5", "2026-01-05 00:00:00,1", "2026-01-05 00:01:00,2", "x,1"]);
    write("b.csv", ["timestamp,value", "2026-01-05 00:00:00,1.5", "2026-01-05 00:05:00,NaN", "2026-01-05 00:10:00,2"]);
    const request = (time: string): string => `2026-01-05 ${time},10,20`;
    write("c.csv", [
      "TIMESTAMP,ContextTokens,GeneratedTokens",
      ...["00:00:30.1234567", "00:01:01.5", "00:01:59.9999999", "00:03:00", "00:04:10"].map(request),
    ]);
    write("d.csv", ["something,else", "1,2"]);
    const minute = (index: number): number => START + index * 60_000;
    assert.deepEqual(readTraces(folder), [
      { name: "a", times: [minute(0), minute(1)], values: [1, 7] },
      { name: "b", times: [minute(0), minute(10)], values: [1.5, 2] },
      { name: "c requests per minute", times: [minute(1), minute(2), minute(3)], values: [2, 0, 1] },
    ]);
  });

  it("are straight between their points, in whatever order they are asked", () => {
    const load = sampler({ name: "t", times: [0, 10, 20], values: [0, 10, 0] });
    assert.deepEqual([-5, 5, 15, 25, 10, 2.5].map(load), [0, 5, 5, 0, 10, 2.5]);
  });
});

describe("replay of the autoscaling bench", () => {
  it("counts what is missing, what is idle and what changed", () => {
    // Half of the time the load is 100 replicas' worth, half of it 50, with a minute's slope between.
    const trace = traceOf((minute) => (minute % 120 < 60 ? 100 : 50), 1441);
    const half = replay(trace, windowOf(trace), constant(50), DEFAULT_SETTING);
    assert.ok(Math.abs(half.timeUnderPercent - 51) < 1, `${half.timeUnderPercent}`);
    assert.deepEqual([half.wastePercent, half.changesPerDay < 2], [0, true]);
    const all = replay(trace, windowOf(trace), constant(100), DEFAULT_SETTING);
    assert.ok(Math.abs(all.wastePercent - 100 / 3) < 0.5, `${all.wastePercent}`);
    assert.equal(all.timeUnderPercent, 0);
  });

  it("lets replicas start for a minute, takes removed ones at once, those still starting first", () => {
    const trace = traceOf(() => 1, 60);
    const course = [10, 20, 15, 10, 10, 10, 10];
    const seen: [number, number][] = [];
    const scripted: PolicyFactory = () => {
      let tick = 0;
      return ({ ready, desired }) => {
        seen.push([ready, desired]);
        return course[tick++] ?? 10;
      };
    };
    replay(trace, windowOf(trace), scripted, { ...DEFAULT_SETTING, peakReplicas: 10 });
    // The 10 of the first tick are there from the start; the 10 of the second are taken back while they start.
    assert.deepEqual(seen.slice(0, 6), [
      [10, 10],
      [10, 10],
      [10, 20],
      [10, 15],
      [10, 10],
      [10, 10],
    ]);
  });

  it("needs the oracle to have no moment under-provisioned, and nobody wastes less without one", () => {
    const trace = traceOf((minute) => wavy(minute * 60), 3 * 1440);
    const window = { from: START + 2 * DAY * 1000, to: trace.times.at(-1)! };
    const outcome = (policy: PolicyFactory) => replay(trace, window, policy, DEFAULT_SETTING);
    const [best, reactive, knative, predictive] = [oracle, hpa(), kpa(), ours()].map(outcome);
    assert.equal(best!.timeUnderPercent, 0);
    assert.ok(reactive!.timeUnderPercent > 5 && knative!.timeUnderPercent > 5);
    assert.ok(predictive!.timeUnderPercent < 1.5, `${predictive!.timeUnderPercent}`);
    assert.ok(predictive!.wastePercent > best!.wastePercent);
  });

  it("shows policies nothing newer than the lag", () => {
    const trace = traceOf((minute) => minute + 1, 120);
    replay(
      trace,
      windowOf(trace),
      () =>
        ({ now, observed, past, desired }) => {
          assert.equal(observed.time, now - 30_000);
          assert.equal(past(now), observed.demand);
          assert.equal(past(now + HOUR * 1000), observed.demand);
          return desired;
        },
      DEFAULT_SETTING,
    );
  });

  it("reads the waste at a share of time off a front", () => {
    const point = (timeUnderPercent: number, wastePercent: number) => ({
      knob: 1,
      timeUnderPercent,
      wastePercent,
      changesPerDay: 0,
    });
    const front = { name: "f", points: [point(1, 10), point(0, 20)] };
    assert.equal(wasteAt(front, 0.5), 15);
    assert.equal(wasteAt(front, 2), undefined);
  });
});
