import assert from "node:assert/strict";
import { createInstruments } from "../../../runtime/sustainability/energy-optimizer/instruments";
import { expectation } from "../../../runtime/sustainability/energy-optimizer/expectation";
import type { Plan, PlanState, Proposal } from "../../../runtime/sustainability/energy-optimizer/plan";
import { Proposer } from "../../../runtime/sustainability/energy-optimizer/proposer";
import type { EnergyStore } from "../../../runtime/sustainability/energy-optimizer/store";
import { createMetrics } from "../../../runtime/kernel/telemetry/metrics";
import { ManualClock } from "../../../runtime/kernel/clock";
import { tracer } from "../../../runtime/kernel/telemetry/traces";
import { INTENSITY } from "./fixtures";

/** Plans in memory, newest first, as the store gives them. */
class Plans {
  readonly all: { key: string; plan: Plan }[] = [];

  plans({ key, states }: { key?: string; states?: readonly PlanState[] }): Promise<Plan[]> {
    const found = this.all.filter((one) => (!key || one.key === key) && (!states || states.includes(one.plan.state)));
    return Promise.resolve(found.map(({ plan }) => plan).toReversed());
  }

  propose(key: string, plan: Plan): Promise<void> {
    this.all.push({ key, plan });
    return Promise.resolve();
  }
}

describe("energy optimizer: proposals, and how what plans came to corrects the next", () => {
  const proposal = (workload: string): Proposal => ({
    kind: "sleep",
    region: "DE",
    workloads: [workload],
    nodes: [],
    emptied: [],
    action: { do: "steps", steps: ["sleep"] },
    expected: expectation({ value: 10, low: 8, high: 12 }, 100, INTENSITY, "test"),
    risk: "none",
    disruption: "none",
    undo: "wake",
    reasons: [],
  });

  const proposerOf = (plans: Plans): Proposer =>
    new Proposer({
      store: plans as unknown as EnergyStore,
      clock: new ManualClock(),
      random: () => 0.5,
      tracer,
      instruments: createInstruments(createMetrics()),
      onProposed: () => undefined,
    });

  async function judged(shares: readonly number[]): Promise<number[]> {
    const plans = new Plans();
    const proposer = proposerOf(plans);
    const promised: number[] = [];
    for (const [index, share] of shares.entries()) {
      const plan = await proposer.propose(proposal(`w${index}`));
      assert.ok(plan);
      const expectedKwh = plan.expected.kwh.value;
      promised.push(expectedKwh);
      plan.state = "kept";
      plan.measured = {
        from: plan.createdAt,
        to: plan.createdAt,
        coverage: 1,
        baselineKwh: 100,
        usedKwh: 100 - 10 * share,
        expectedKwh,
        savedKwh: 10 * share,
        method: "test",
      };
    }
    return promised;
  }

  it("goes towards what they came to, and does not correct the correction away", async () => {
    const promised = await judged(Array<number>(40).fill(0.5));
    assert.equal(promised[0], 10, "nothing is known yet");
    assert.equal(promised[1], 7.5, "one plan is half believed");
    assert.ok(Math.abs(promised.at(-1)! - 5) < 0.2, `${promised.at(-1)} kWh; 5 is what each of them saved`);
  });

  it("promises a little where plans came to nothing, so that better ones can still be seen", async () => {
    const promised = await judged([...Array<number>(5).fill(-2), ...Array<number>(60).fill(1)]);
    assert.equal(promised[5], 0.1);
    assert.ok(promised.at(-1)! > 6, `${promised.at(-1)} kWh of 10`);
  });

  it("plans each region by itself, and again once a consolidation was kept", async () => {
    const plans = new Plans();
    const proposer = proposerOf(plans);
    const consolidation = (region: string): Proposal => ({ ...proposal("web"), kind: "consolidate", region });
    assert.ok(await proposer.propose(consolidation("DE")));
    assert.ok(await proposer.propose(consolidation("SE")));
    assert.equal(new Set(plans.all.map(({ key }) => key)).size, 2, "neither takes the place of the other");
    assert.equal(await proposer.propose(consolidation("DE")), undefined, "once");
    for (const { plan } of plans.all) plan.state = "applied";
    assert.equal(await proposer.propose(consolidation("DE")), undefined, "while the last is measured");
    for (const { plan } of plans.all) plan.state = "kept";
    assert.ok(await proposer.propose(consolidation("DE")));
    const sleep = await proposer.propose(proposal("web"));
    assert.ok(sleep);
    sleep.state = "kept";
    assert.equal(await proposer.propose(proposal("web")), undefined, "it goes on sleeping");
  });
});
