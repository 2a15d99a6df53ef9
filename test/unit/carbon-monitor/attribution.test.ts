import assert from "node:assert/strict";
import {
  attribute,
  type Claim,
  type IdleRule,
  type NodeUse,
} from "../../../runtime/sustainability/carbon-monitor/attribution";

const claim = (workload: string, cpuSeconds: number, requestedCores: number): Claim => ({
  workload,
  tenant: null,
  namespace: null,
  pod: workload,
  cpuSeconds,
  requestedCores,
});
const node = (changes: Partial<NodeUse> = {}): NodeUse => ({
  energy: 1000n,
  idle: 400n,
  embodied: 80n,
  gramsPerKwh: 500_000,
  cpuSeconds: 60,
  cores: 8,
  ...changes,
});
const idleOf = (rule: IdleRule, claims: Claim[], use = node()): Record<string, number> =>
  Object.fromEntries(attribute(use, claims, rule).map((part) => [part.workload ?? part.kind, Number(part.idle)]));

describe("carbon monitor: attribution", () => {
  it("energy beyond idle goes by CPU time, the system's included", () => {
    const parts = attribute(node(), [claim("web", 30, 1), claim("db", 20, 3)], "requests");
    assert.deepEqual(
      parts.map(({ kind, workload, energy, idle, embodied }) => [workload ?? kind, energy, idle, embodied]),
      [
        ["web", 400n, 100n, 20n],
        ["db", 500n, 300n, 60n],
        ["system", 100n, 0n, 0n],
      ],
    );
    assert.deepEqual(
      parts.map((part) => part.carbon),
      [200_000n, 250_000n, 50_000n],
    );
  });

  it("shares the system's energy among workloads where it is to, by the idle rule", () => {
    const claims = [claim("web", 30, 1), claim("db", 20, 3)];
    const energies = (rule: IdleRule) =>
      Object.fromEntries(
        attribute(node(), claims, rule, "shared").map((part) => [part.workload ?? part.kind, part.energy]),
      );
    // 100 of the system's: a quarter to web, the rest to db.
    assert.deepEqual(energies("requests"), { web: 425n, db: 575n });
    assert.deepEqual(energies("usage"), { web: 600n, db: 400n });
    // Half of the node is requested: half of idle energy stays with nobody, and nothing of the system's does.
    assert.deepEqual(energies("unallocated"), { web: 375n, db: 425n, idle: 200n });
    const [only] = attribute(node(), [claim("web", 0, 0)], "requests", "shared").filter(
      ({ kind }) => kind === "system",
    );
    assert.equal(only!.energy, 600n, "nobody to share it among");
  });

  it("shares idle energy by each rule", () => {
    const claims = [claim("web", 30, 1), claim("db", 15, 3)];
    assert.deepEqual(idleOf("requests", claims), { web: 100, db: 300, system: 0 });
    assert.deepEqual(idleOf("usage", claims), { web: 200, db: 100, system: 100 });
    assert.deepEqual(idleOf("unallocated", claims), { web: 50, db: 150, system: 0, idle: 200 });
  });

  it("over-committed nodes leave nothing unallocated", () => {
    assert.deepEqual(idleOf("unallocated", [claim("web", 30, 12), claim("db", 30, 4)]), { web: 300, db: 100 });
  });

  it("what nobody has a claim to stays idle", () => {
    assert.deepEqual(idleOf("requests", [claim("web", 60, 0)]), { web: 0, idle: 400 });
    assert.deepEqual(idleOf("usage", [claim("web", 0, 1)], node({ cpuSeconds: 0 })), { web: 0, system: 0, idle: 400 });
    assert.deepEqual(idleOf("requests", []), { system: 0, idle: 400 });
  });

  it("the idle share does not vanish at full load", () => {
    for (const busy of [1, 100, 480]) {
      const use = node({ energy: 400n + BigInt(busy), cpuSeconds: busy });
      assert.equal(idleOf("requests", [claim("web", busy, 2), claim("db", 0, 2)], use).db, 200);
    }
  });

  it("idle energy is never more than what was used", () => {
    const parts = attribute(node({ energy: 300n }), [claim("web", 60, 1)], "requests");
    assert.deepEqual(
      parts.map((part) => [part.energy, part.idle]),
      [[300n, 300n]],
    );
  });
});
