import assert from "node:assert/strict";
import type { ReplicaPhase } from "../../../runtime/kernel/cluster/cluster";
import { type Action, type Desired, plan, type PlannedReplica } from "../../../runtime/kernel/cluster/local/plan";
import { afterExit } from "../../../runtime/kernel/cluster/local/restarts";

const replica = (ordinal: number, phase: ReplicaPhase, change: Partial<PlannedReplica> = {}): PlannedReplica => ({
  name: `r-${String(ordinal)}`,
  ordinal,
  phase,
  current: true,
  ...change,
});
const job = (change: Partial<Desired> = {}): Desired => ({
  kind: "job",
  replicas: 2,
  suspended: false,
  ports: [],
  ...change,
});
const service = (replicas: number): Desired => ({ kind: "service", replicas, suspended: false, ports: [] });
const stops = (actions: Action[]): string[] =>
  actions.flatMap((action) => (action.type === "stop" ? [action.name] : []));
const starts = (actions: Action[]): number => actions.filter((action) => action.type === "start").length;

describe("plan", () => {
  it("scales down from what serves nobody, then from the youngest", () => {
    const replicas = [replica(1, "ready"), replica(2, "unready"), replica(3, "ready"), replica(4, "ready")];
    assert.deepEqual(stops(plan(service(2), replicas, 0)), ["r-2", "r-4"]);
  });

  it("holds a roll while the new replica is not ready", () => {
    const old = [1, 2].map((ordinal) => replica(ordinal, "ready", { current: false }));
    assert.deepEqual(plan(service(2), old, 0), [{ type: "start" }]);
    assert.deepEqual(plan(service(2), [...old, replica(3, "starting")], 0), []);
    assert.deepEqual(stops(plan(service(2), [...old, replica(3, "ready")], 0)), ["r-2"]);
  });

  it("restarts when the backoff is over, also old replicas during a roll", () => {
    const waiting = replica(1, "backoff", { restartAt: 1000, current: false });
    assert.deepEqual(plan(service(1), [waiting, replica(2, "starting")], 999), []);
    assert.deepEqual(plan(service(1), [waiting, replica(2, "starting")], 1000), [{ type: "restart", name: "r-1" }]);
  });

  it("runs each completion of a job once, and again only for a changed template", () => {
    assert.equal(starts(plan(job(), [replica(1, "succeeded")], 0)), 1);
    assert.deepEqual(plan(job(), [replica(1, "succeeded"), replica(2, "failed")], 0), []);
    const changed = plan(job(), [replica(1, "succeeded", { current: false })], 0);
    assert.deepEqual(stops(changed), ["r-1"]);
    assert.equal(starts(changed), 2);
  });

  it("keeps a suspended job's completions and drops the rest", () => {
    const replicas = [replica(1, "succeeded"), replica(2, "ready")];
    assert.deepEqual(plan(job({ suspended: true }), replicas, 0), [{ type: "stop", name: "r-2" }]);
    assert.deepEqual(plan({ ...service(1), suspended: true }, [replica(1, "ready")], 0), [
      { type: "stop", name: "r-1" },
    ]);
  });
});

describe("afterExit", () => {
  const failed = { code: 1, signal: null };

  it("doubles a service's delay from 1 s up to 30 s, and starts over after a minute of health", () => {
    const delays = Array.from({ length: 7 }, (_, failures) => afterExit("service", failed, failures, 0));
    assert.deepEqual(
      delays.map((next) => (next.phase === "backoff" ? next.delayMs : undefined)),
      [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
    );
    assert.deepEqual(afterExit("service", failed, 6, 60_000), { phase: "backoff", delayMs: 1000, failures: 1 });
    assert.equal(afterExit("service", { code: 0, signal: null }, 0, 0).phase, "backoff", "a service has no end");
  });

  it("tries a job's completion three times again", () => {
    const phases = [0, 1, 2, 3].map((failures) => afterExit("job", failed, failures, 0).phase);
    assert.deepEqual(phases, ["backoff", "backoff", "backoff", "failed"]);
    assert.deepEqual(afterExit("job", { code: 0, signal: null }, 3, 0), { phase: "succeeded" });
  });
});
