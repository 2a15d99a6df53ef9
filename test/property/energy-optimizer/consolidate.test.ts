import assert from "node:assert/strict";
import fc from "fast-check";
import { consolidate, CONSOLIDATION_OPTIONS } from "../../../runtime/sustainability/energy-optimizer/consolidate";
import { Fleet } from "../../../runtime/sustainability/energy-optimizer/fleet";
import { GIB, item, node } from "../../unit/energy-optimizer/fixtures";

const arbitraryNodes = fc.array(
  fc.record({
    idle: fc.integer({ min: 10, max: 200 }),
    span: fc.integer({ min: 0, max: 200 }),
    on: fc.boolean(),
    eligible: fc.boolean(),
    zone: fc.constantFrom("a", "b"),
  }),
  { minLength: 1, maxLength: 6 },
);
const arbitraryItems = fc.array(
  fc.record({
    at: fc.nat(),
    cores: fc.integer({ min: 1, max: 5 }),
    gpus: fc.constantFrom(0, 0, 0.25, 0.5, 1),
    workload: fc.constantFrom("v", "w", "x"),
    movable: fc.boolean(),
  }),
  { maxLength: 12 },
);
const arbitraryRules = fc.record({
  mostPerNode: fc.integer({ min: 1, max: 4 }),
  mostMoved: fc.integer({ min: 0, max: 3 }),
});

describe("energy optimizer: consolidation, whatever the fleet", () => {
  it("never makes it worse, never breaks a rule, and every move has room when it comes", function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(arbitraryNodes, arbitraryItems, arbitraryRules, (shapes, pieces, rule) => {
        const supply = { cpuCores: 10, memoryBytes: 100 * GIB, gpus: 2 };
        const nodes = shapes.map(({ idle, span, ...more }, index) =>
          node(`n${index}`, idle, idle + span, { ...more, supply }),
        );
        const rules = new Map([["v", rule]]);
        const replayed = new Fleet(nodes, rules);
        const items = pieces.flatMap(({ at, cores, gpus, workload, movable }, index) => {
          const on = nodes.filter((each) => each.on);
          const host = replayed.hosts.get(on[at % on.length]?.name ?? "");
          const one = item(`i${index}`, host?.node.name ?? "", cores, {
            workload,
            movable,
            need: { cpuCores: cores, memoryBytes: GIB, gpus },
            load: { cores: cores / 2, gpus },
          });
          return host && replayed.add(host, one) ? [one] : [];
        });
        const plan = consolidate(nodes, items, rules);
        const saved = ((plan.wattsBefore - plan.wattsAfter) / 1000) * CONSOLIDATION_OPTIONS.lifetimeHours;
        assert.ok(
          Math.abs(saved - plan.costKwh - plan.savedKwh) < 1e-6,
          `${plan.savedKwh} kWh, not ${saved - plan.costKwh}`,
        );
        const disruption = CONSOLIDATION_OPTIONS.disruptionKwh * plan.moves.length;
        assert.ok(plan.savedKwh >= disruption - 1e-6, "a plan pays for its moves, and for what they disturb");

        for (const name of plan.woken) replayed.hosts.get(name)!.on = true;
        const byId = new Map(items.map((one) => [one.id, one]));
        for (const { item: id, from, to } of plan.moves) {
          const one = byId.get(id)!;
          const target = replayed.hosts.get(to)!;
          assert.ok(one.movable && target.on && target.node.eligible && replayed.hosts.get(from)!.node.eligible);
          replayed.remove(replayed.hosts.get(from)!, id);
          assert.ok(replayed.allows(one, target), "the rules hold");
          assert.ok(replayed.add(target, one), "there is room");
        }
        for (const name of plan.emptied) {
          assert.equal(replayed.hosts.get(name)!.items.size, 0, "what is switched off carries nothing");
          replayed.hosts.get(name)!.on = false;
        }
        const watts = [...replayed.hosts.values()].reduce((sum, host) => sum + replayed.watts(host), 0);
        assert.ok(Math.abs(watts - plan.wattsAfter) < 1e-6, `${watts} W, said ${plan.wattsAfter}`);
        assert.ok(plan.moves.filter(({ workload }) => workload === "v").length <= rule.mostMoved);
        assert.equal(new Set(plan.moves.map(({ item: id }) => id)).size, plan.moves.length, "nobody moves twice");
      }),
      { numRuns: 300 },
    );
  });
});
