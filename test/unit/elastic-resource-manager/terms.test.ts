import assert from "node:assert/strict";
import type { Allocation } from "../../../runtime/scalability/elastic-resource-manager/allocation";
import { allocationOf } from "../../../runtime/scalability/elastic-resource-manager/allocation";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";
import { place, placeGangs } from "../../../runtime/scalability/elastic-resource-manager/engine";
import { chooseVictims } from "../../../runtime/scalability/elastic-resource-manager/preemption";
import { overQuota } from "../../../runtime/scalability/elastic-resource-manager/quotas";
import { amount, demand, node, numbered } from "../../support/erm-fixtures";

/** Grants the demands one after the other, a millisecond apart, and keeps what is active. */
function grantedTo(capacity: Capacity, ...demands: Demand[]): Map<string, Allocation> {
  const held = new Map<string, Allocation>();
  demands.forEach((each, index) => {
    const [decision] = place(capacity, [each], { ...numbered(), nextId: () => `dec_${each.workload ?? index}` });
    assert.equal(decision?.outcome, "allocated");
    const allocation = allocationOf(decision, index);
    capacity.take(allocation);
    held.set(allocation.id, allocation);
  });
  return held;
}

const low = (name: string, cpuMilli: number, more: Partial<Demand> = {}): Demand =>
  demand("low", cpuMilli, 1, { workload: name, preemptible: true, ...more });

const urgent = (cpuMilli: number, more: Partial<Demand> = {}): Demand =>
  demand("high", cpuMilli, 1, { workload: "urgent", priority: 10, preempt: true, ...more });

describe("quotas of tenants", () => {
  it("refuses what would exceed one, with what is held, asked and allowed, before nodes are looked at", () => {
    const capacity = Capacity.of([node("a", 10_000, 10_000)]);
    const options = { ...numbered(), quotas: (tenant: string) => (tenant === "red" ? { cpuCores: 1.5 } : undefined) };
    const [first, second, third, blue] = place(
      capacity,
      [
        demand("red", 500, 1),
        demand("red", 600, 1, { replicas: 2 }),
        demand("red", 500, 1, { replicas: 2 }),
        demand("blue", 5000, 1),
      ],
      options,
    );
    assert.deepEqual(
      [first, second, third, blue].map((decision) => decision?.outcome),
      ["allocated", "refused", "allocated", "allocated"],
    );
    assert.deepEqual(second?.overQuota, [{ resource: "cpu", held: 0.5, asked: 1.2, allowed: 1.5 }]);
    assert.deepEqual(second.reasons, ["over the quota of red: cpu: holds 0.5, asks for 1.2 more, may hold 1.5"]);
    assert.equal(second.considered, 0);
  });

  it("limits each resource by itself, and nothing that is not asked for", () => {
    const held = { ...amount(1000, 100), gpuMilli: 1000, custom: { fpga: 1 } };
    const quota = { memoryBytes: 50, gpus: 1.5, custom: { fpga: 2 } };
    assert.deepEqual(overQuota(quota, held, { ...amount(9000, 0), gpuMilli: 500, custom: { fpga: 1 } }, 1), []);
    assert.deepEqual(overQuota(quota, held, { ...amount(1, 1), gpuMilli: 1000, custom: { fpga: 2 } }, 1), [
      { resource: "memory", held: 100, asked: 1, allowed: 50 },
      { resource: "gpu", held: 1, asked: 1, allowed: 1.5 },
      { resource: "fpga", held: 1, asked: 2, allowed: 2 },
    ]);
  });
});

describe("priorities", () => {
  it("serves higher ones first within a batch, and equals in the order of arrival", () => {
    const capacity = Capacity.of([node("a", 2000, 100)]);
    const demands = [0, 5, undefined, 5, 7].map((priority, index) =>
      demand("red", 1000, 1, { workload: `w${index}`, ...(priority !== undefined && { priority }) }),
    );
    const decisions = place(capacity, demands, numbered());
    assert.deepEqual(
      decisions.map(({ id, outcome }) => [id, outcome]),
      [
        ["dec_4", "refused"],
        ["dec_2", "allocated"],
        ["dec_5", "refused"],
        ["dec_3", "refused"],
        ["dec_1", "allocated"],
      ],
    );
  });

  it("orders by dominant share only among equal priorities", () => {
    const drf = (tenant: string, priority: number) =>
      demand(tenant, 1000, 1, { strategy: "dominant-resource-fairness", priority });
    const capacity = Capacity.of([node("a", 3000, 100)]);
    const decisions = place(capacity, [drf("poor", 0), drf("rich", 1), drf("rich", 1), drf("poor", 1)], numbered());
    assert.deepEqual(
      decisions.map(({ id }) => id),
      ["dec_4", "dec_1", "dec_3", "dec_2"],
    );
    assert.equal(decisions[0]?.outcome, "refused");
  });
});

describe("preemption", () => {
  const preemptedBy = (capacity: Capacity, held: ReadonlyMap<string, Allocation>, ask: Demand) => {
    const [decision] = place(capacity, [ask], { ...numbered(), held });
    assert.ok(decision);
    return { decision, victims: (decision.preempted ?? []).map(({ workload }) => workload).sort() };
  };

  it("takes the fewest, then the lowest priority, then the youngest, and says why", () => {
    const capacity = Capacity.of([node("a", 1000, 100), node("b", 1000, 100)]);
    const held = grantedTo(capacity, low("small-1", 500), low("small-2", 500), low("big", 1000, { priority: 5 }));
    const { decision, victims } = preemptedBy(capacity, held, urgent(1000));
    assert.deepEqual(victims, ["big"], "one of priority 5, not two of priority 0");
    assert.equal(decision.outcome, "allocated");
    assert.deepEqual(decision.preempted, [
      {
        allocationId: "alc_big",
        tenant: "low",
        workload: "big",
        priority: 5,
        nodes: ["b"],
        reason: "priority 5 is below 10, and it is preemptible",
      },
    ]);
    assert.match(decision.reasons.at(-1) ?? "", /^1 allocation of priority 5 at most preempted/);
    assert.deepEqual(preemptedBy(capacity, held, urgent(500)).victims, ["small-2"], "the younger of two alike");
  });

  it("takes several where one is not enough, and spares those that need not go", () => {
    const capacity = Capacity.of([node("a", 4000, 100)]);
    const held = grantedTo(capacity, ...[3, 1, 0, 2].map((priority) => low(`p${priority}`, 1000, { priority })));
    assert.deepEqual(preemptedBy(capacity, held, urgent(2000)).victims, ["p0", "p1"]);
    assert.deepEqual(preemptedBy(capacity, held, urgent(1000, { replicas: 3 })).victims, ["p0", "p1", "p2"]);
  });

  it("takes nothing of equal priority, nothing not preemptible, nothing unasked, and nothing where it would not help", () => {
    const capacity = Capacity.of([node("a", 1000, 100)]);
    const held = grantedTo(
      capacity,
      low("equal", 300, { priority: 10 }),
      demand("low", 300, 1, { workload: "fixed" }),
      low("free", 400),
    );
    const refused = (ask: Demand) => {
      const { decision } = preemptedBy(capacity, held, ask);
      assert.equal(decision.outcome, "refused");
      assert.equal(decision.preempted, undefined);
      return decision.reasons.at(-1);
    };
    assert.match(refused(urgent(500)) ?? "", /nothing is preempted/);
    refused(demand("high", 400, 1, { priority: 10 }));
    assert.deepEqual(preemptedBy(capacity, held, urgent(400)).victims, ["free"]);
  });

  it("bounds how often and how much it places on trial, and takes little more than it needs", () => {
    const nodes = Array.from({ length: 32 }, (_, index) => node(`n${index}`, 100_000, 10_000));
    for (const [replicas, most, victims] of [
      [1, 512, 1],
      [300, 54, 400],
      [1000, 32, 1200],
    ] as const) {
      const capacity = Capacity.of(nodes);
      const held = nodes.flatMap(({ name }, index) =>
        Array.from({ length: 100 }, (_, number): Allocation => {
          const [decision] = place(Capacity.of([nodes[index]!]), [low("w", 1000)], numbered());
          const id = `alc_${name}_${number}`;
          return { ...allocationOf(decision!, number), id, nodes: [name], priority: (number * 7 + index) % 5 };
        }),
      );
      for (const each of held) capacity.take(each);
      let trials = 0;
      const fits = (): boolean => {
        trials += 1;
        return capacity.table.totalFree().cpuMilli >= replicas * 1000;
      };
      const chosen = chooseVictims(capacity, urgent(1000, { replicas }), held, fits);
      assert.ok(trials <= most, `${trials} trials for ${replicas} replicas`);
      assert.ok(chosen.length >= replicas && chosen.length <= victims, `${chosen.length} for ${replicas}`);
      assert.equal(capacity.table.totalFree().cpuMilli, 0, "the draft is as it was");
    }
  });

  it("takes a gang whole or not at all", () => {
    const capacity = Capacity.of([node("a", 1000, 100), node("b", 1000, 100)]);
    const held = new Map<string, Allocation>();
    for (const [index, name] of ["one", "two"].entries()) {
      const [decision] = place(capacity, [low(name, 1000)], { ...numbered(), nextId: () => `dec_${name}` });
      assert.ok(decision);
      const allocation = { ...allocationOf(decision, index), gangId: "gng_1" };
      capacity.take(allocation);
      held.set(allocation.id, allocation);
    }
    assert.deepEqual(preemptedBy(capacity, held, urgent(1000)).victims, ["one", "two"]);
    const [one] = held.values();
    held.set("alc_one", { ...(one as Allocation), preemptible: false });
    assert.deepEqual(preemptedBy(capacity, held, urgent(1000)).victims, []);
  });

  it("takes two single allocations rather than a gang of three", () => {
    const capacity = Capacity.of([node("a", 1000, 100), node("b", 1000, 100)]);
    const held = new Map<string, Allocation>();
    const grant = (name: string, cpuMilli: number, gangId?: string) => {
      const [decision] = place(capacity, [low(name, cpuMilli)], { ...numbered(), nextId: () => `dec_${name}` });
      assert.equal(decision?.outcome, "allocated");
      const allocation = { ...allocationOf(decision, 0), ...(gangId && { gangId }) };
      capacity.take(allocation);
      held.set(allocation.id, allocation);
    };
    for (const name of ["g1", "g2", "g3"]) grant(name, 333, "gng_1");
    for (const name of ["s1", "s2"]) grant(name, 500);
    assert.deepEqual(preemptedBy(capacity, held, urgent(900)).victims, ["s1", "s2"]);
  });

  it("does not take the same twice in one batch", () => {
    const capacity = Capacity.of([node("a", 1000, 100)]);
    const held = grantedTo(capacity, low("only", 1000));
    const decisions = place(capacity, [urgent(1000), urgent(1000)], { ...numbered(), held });
    assert.deepEqual(
      decisions.map(({ outcome, preempted }) => [outcome, preempted?.length]),
      [
        ["allocated", 1],
        ["refused", undefined],
      ],
    );
  });
});

describe("gangs", () => {
  it("places members of different shapes, all or none, and says so in each decision", () => {
    const capacity = Capacity.of([node("a", 1000, 100), node("b", 3000, 100)]);
    const driver = demand("red", 500, 1, { workload: "driver" });
    const workers = demand("red", 1000, 1, { workload: "workers", replicas: 3 });
    const [granted, refused, alone] = placeGangs(
      capacity,
      [[driver, workers], [driver, workers], [driver]],
      numbered(),
    );
    assert.deepEqual(
      granted?.map(({ outcome, chosen }) => [outcome, chosen]),
      [
        ["allocated", ["a"]],
        ["allocated", ["b", "b", "b"]],
      ],
    );
    assert.deepEqual(granted?.[1]?.gang, {
      id: "gng_1",
      members: [
        { tenant: "red", workload: "driver", replicas: 1, nodes: ["a"] },
        { tenant: "red", workload: "workers", replicas: 3, nodes: ["b", "b", "b"] },
      ],
    });
    assert.equal(refused?.length, 1);
    assert.equal(
      refused[0]?.reasons.at(-1),
      "member 2 of 2 of the gang; the 1 before it would have fitted; members are placed all or none",
    );
    assert.deepEqual(refused[0].capacity.before, refused[0].capacity.after);
    assert.equal(alone?.[0]?.outcome, "allocated", "the refused gang left nothing behind");
  });

  it("preempts nothing for a member where another member does not fit", () => {
    const capacity = Capacity.of([node("a", 1000, 100)]);
    const held = grantedTo(capacity, low("victim", 1000));
    const [decisions, [later] = []] = placeGangs(
      capacity,
      [[urgent(1000), urgent(500)], [urgent(1000, { priority: 9 })]],
      { ...numbered(), held },
    );
    assert.equal(decisions?.[0]?.outcome, "refused");
    assert.deepEqual(
      later?.preempted?.map(({ workload }) => workload),
      ["victim"],
    );
  });

  it("counts its members together against the quota", () => {
    const capacity = Capacity.of([node("a", 9000, 100)]);
    const options = { ...numbered(), quotas: () => ({ cpuCores: 1.5 }) };
    const [decisions] = placeGangs(capacity, [[demand("red", 1000, 1), demand("red", 600, 1)]], options);
    assert.deepEqual(decisions?.[0]?.overQuota, [{ resource: "cpu", held: 1, asked: 0.6, allowed: 1.5 }]);
  });
});

describe("placement rules", () => {
  const decide = (capacity: Capacity, ask: Demand) => {
    const [decision] = place(capacity, [ask], numbered());
    assert.ok(decision);
    return decision;
  };
  const three = () =>
    Capacity.of([
      node("a", 4000, 400, { zone: "z1", labels: { disk: "ssd" } }),
      node("b", 4000, 400, { zone: "z1" }),
      node("c", 4000, 400, { zone: "z2", labels: { disk: "hdd" } }),
    ]);

  it("takes only nodes with the labels asked for", () => {
    const decision = decide(three(), demand("red", 100, 1, { rules: { nodeSelector: { disk: "hdd" } } }));
    assert.deepEqual(decision.chosen, ["c"]);
    assert.deepEqual(decision.refusals, { "other-labels": 2 });
    assert.deepEqual(
      decision.nodes.map(({ reason }) => reason),
      ["label disk is ssd, not hdd", "label disk is absent, not hdd", null],
    );
  });

  it("keeps apart from a workload, per node and per zone, also from its own replicas", () => {
    const capacity = three();
    grantedTo(capacity, demand("red", 100, 1, { workload: "db" }));
    const apart = (per: "node" | "zone", workload: string, replicas = 1) =>
      decide(capacity, demand("red", 100, 1, { workload: "web", replicas, rules: { apartFrom: [{ workload, per }] } }));
    assert.deepEqual(apart("node", "db").chosen, ["b"]);
    assert.deepEqual(apart("zone", "db").chosen, ["c"]);
    assert.equal(apart("zone", "db").nodes[1]?.reason, "db is in zone z1, to be apart from it");
    assert.equal(new Set(apart("node", "web", 3).chosen).size, 3);
    assert.equal(apart("zone", "web", 3).outcome, "refused");
  });

  it("goes together with a workload, or with its own once it has begun", () => {
    const capacity = three();
    const together = (workload: string, replicas = 1) =>
      decide(
        capacity,
        demand("red", 1500, 1, { workload: "web", replicas, rules: { togetherWith: [{ workload, per: "zone" }] } }),
      );
    assert.equal(together("db").outcome, "refused", "it is nowhere");
    grantedTo(capacity, demand("red", 4000, 1, { workload: "db", rules: { nodeSelector: { disk: "hdd" } } }));
    assert.equal(together("db").outcome, "refused", "its zone is full");
    assert.deepEqual(new Set(together("web", 4).chosen), new Set(["a", "b"]));
    assert.equal(together("web", 5).outcome, "refused");
  });

  it("holds the skew between zones, and counts a zone of which no node is ready", () => {
    const skewed = (capacity: Capacity, replicas: number) =>
      decide(capacity, demand("red", 100, 1, { workload: "web", replicas, rules: { maxSkew: 1 } }));
    const chosen = skewed(three(), 4).chosen;
    assert.equal(chosen.filter((name) => name === "c").length, 2);
    const away = Capacity.of([node("a", 4000, 400), node("c", 4000, 400, { zone: "z2", ready: false })]);
    assert.equal(skewed(away, 1).outcome, "allocated");
    const refused = skewed(away, 2);
    assert.equal(
      refused.nodes[0]?.reason,
      "zone z1 would have 2 more replicas than the zone with fewest, at most 1 may be",
    );
  });
});
