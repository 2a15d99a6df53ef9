import assert from "node:assert/strict";
import fc from "fast-check";
import type { ReplicaPhase } from "../../../runtime/kernel/cluster/cluster";
import { type Desired, plan, type PlannedReplica, SURGE } from "../../../runtime/kernel/cluster/local/plan";

const PHASES: ReplicaPhase[] = ["starting", "ready", "unready", "backoff", "stopping"];

/** A world in which started replicas become ready and stopping ones go, whenever the schedule says so. */
class World {
  replicas: PlannedReplica[];
  private next: number;

  constructor(replicas: PlannedReplica[]) {
    this.replicas = replicas;
    this.next = replicas.length;
  }

  get live(): PlannedReplica[] {
    return this.replicas.filter((replica) => replica.phase !== "stopping");
  }

  get ready(): number {
    return this.replicas.filter((replica) => replica.phase === "ready").length;
  }

  /** Returns how many actions there were. */
  act(desired: Desired): number {
    const actions = plan(desired, this.replicas, 0);
    for (const action of actions) {
      if (action.type === "start") {
        this.replicas.push({
          name: `new-${String(this.next)}`,
          ordinal: this.next++,
          phase: "starting",
          current: true,
        });
        continue;
      }
      const replica = this.replicas.find((each) => each.name === action.name);
      assert.ok(replica, `there is a replica ${action.name}`);
      assert.notEqual(replica.phase, "stopping", "a replica is stopped once");
      if (action.type === "restart") assert.equal(replica.phase, "backoff");
      replica.phase = action.type === "stop" ? "stopping" : "starting";
    }
    return actions.length;
  }

  /** Lets one replica, chosen by `choice`, take its next step; false where none has one. */
  step(choice: number): boolean {
    const moving = this.replicas.filter((replica) => replica.phase !== "ready" && replica.phase !== "succeeded");
    const replica = moving[choice % Math.max(1, moving.length)];
    if (!replica) return false;
    if (replica.phase === "stopping") this.replicas = this.replicas.filter((each) => each !== replica);
    else replica.phase = "ready";
    return true;
  }
}

const replicasArbitrary = fc
  .array(fc.record({ phase: fc.constantFrom(...PHASES), current: fc.boolean() }), { maxLength: 12 })
  .map((entries) => entries.map((entry, ordinal) => ({ ...entry, name: `r-${String(ordinal)}`, ordinal })));
const service = (replicas: number, direct = false): Desired => ({
  kind: "service",
  replicas,
  suspended: false,
  ports: [{ name: "http", port: 0, direct }],
});

describe("plan (properties)", () => {
  it("never starts beyond the desired number and the surge, and never lets ready replicas fall below it", () => {
    fc.assert(
      fc.property(
        replicasArbitrary,
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.nat(), { maxLength: 60 }),
        (start, wanted, choices) => {
          const world = new World(start);
          for (const choice of [0, ...choices]) {
            const [readyBefore, liveBefore] = [world.ready, world.live.length];
            world.act(service(wanted));
            assert.ok(world.live.length <= Math.max(liveBefore, wanted + SURGE));
            assert.ok(
              world.ready >= Math.min(readyBefore, wanted),
              `${String(world.ready)} of ${String(readyBefore)} ready`,
            );
            assert.equal(
              plan(service(wanted), world.replicas, 0).some((action) => action.type === "stop"),
              false,
              "settled in one go",
            );
            world.step(choice);
          }
        },
      ),
    );
  });

  it("converges on the desired number of ready replicas of the present template", () => {
    fc.assert(
      fc.property(
        replicasArbitrary,
        fc.integer({ min: 0, max: 8 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat()),
        (start, wanted, direct, choices) => {
          const desired = service(direct ? Math.min(wanted, 1) : wanted, direct);
          const world = new World(start);
          for (let round = 0; round < 400; round += 1) {
            if (world.act(desired) === 0 && !world.step(choices.next().value as number)) break;
          }
          assert.equal(world.replicas.length, desired.replicas);
          assert.ok(world.replicas.every((replica) => replica.current && replica.phase === "ready"));
          assert.equal(world.act(desired), 0, "and then does nothing");
        },
      ),
    );
  });

  it("never runs two processes on a direct port", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PHASES),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 20 }),
        (phase, current, choices) => {
          const world = new World([{ name: "r-0", ordinal: 0, phase, current }]);
          for (const choice of choices) {
            world.act(service(1, true));
            assert.ok(world.replicas.length <= 1);
            world.step(choice);
          }
        },
      ),
    );
  });
});
