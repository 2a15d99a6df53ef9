import assert from "node:assert/strict";
import { consolidate, CONSOLIDATION_OPTIONS } from "../../../runtime/sustainability/energy-optimizer/consolidate";
import { GIB, item, node } from "./fixtures";

const rules = (workload: string, rule: object) => new Map([[workload, rule]]);

describe("energy optimizer: consolidation", () => {
  it("empties the thirsty node, not the one with fewer replicas", () => {
    const plan = consolidate(
      [node("thirsty", 200, 300), node("frugal", 50, 90)],
      [item("a", "thirsty", 2), item("b", "thirsty", 2), item("c", "frugal", 1)],
    );
    assert.deepEqual(plan.emptied, ["thirsty"]);
    assert.deepEqual(
      plan.moves.map(({ from, to }) => `${from}>${to}`),
      ["thirsty>frugal", "thirsty>frugal"],
    );
    assert.ok(Math.abs(plan.wattsBefore - (200 + 20 + 50 + 2)) < 1e-9);
    assert.ok(Math.abs(plan.wattsAfter - (50 + 10)) < 1e-9);
    assert.ok(Math.abs(plan.costKwh - 0.002) < 1e-12);
  });

  it("wakes one efficient node to empty several thirsty ones", () => {
    const plan = consolidate(
      [node("old-1", 150, 300), node("old-2", 150, 300), node("new", 60, 120, { on: false })],
      [item("a", "old-1", 6), item("b", "old-2", 4)],
    );
    assert.deepEqual(plan.woken, ["new"]);
    assert.deepEqual(plan.emptied.toSorted(), ["old-1", "old-2"]);
  });

  it("does nothing where moves cost more than they save", () => {
    const nodes = [node("a", 100, 200), node("b", 100, 200)];
    const dear = [item("x", "a", 1, { moveKwh: 5 }), item("y", "b", 1, { moveKwh: 5 })];
    assert.deepEqual(consolidate(nodes, dear).moves, []);
    assert.equal(consolidate(nodes, [item("x", "a", 1), item("y", "b", 1)]).moves.length, 1);
  });

  it("leaves what must not move: pinned, above the priority, above the disruption budget, on nodes not ours", () => {
    const nodes = [node("a", 100, 200), node("b", 20, 100)];
    const moves = (more: object, rule: object = {}, options: object = {}) =>
      consolidate(nodes, [item("x", "a", 1, more), item("y", "b", 9, { movable: false })], rules("x", rule), {
        ...CONSOLIDATION_OPTIONS,
        ...options,
      }).moves.length;
    assert.equal(moves({}), 1);
    assert.equal(moves({ movable: false }), 0);
    assert.equal(moves({ priority: 5 }, {}, { mostPriority: 4 }), 0);
    assert.equal(moves({}, { mostMoved: 0 }), 0);
    assert.equal(moves({}, {}, { mostMoves: 0 }), 0);
    assert.equal(moves({ need: { cpuCores: 1, memoryBytes: 200 * GIB } }), 0, "no room");
    const foreign = [node("a", 100, 200, { eligible: false }), node("b", 20, 100)];
    assert.deepEqual(consolidate(foreign, [item("x", "a", 1)]).emptied, ["b"], "its empty neighbour may go");
  });

  it("keeps replicas apart, in their zone, and evenly over zones", () => {
    const nodes = [node("a", 100, 200), node("b", 70, 170), node("c", 40, 140, { zone: "z2" })];
    const pair = [item("1", "a", 1, { workload: "w" }), item("2", "c", 1, { workload: "w" })];
    const where = (rule: object) => {
      const at = new Map(pair.map(({ id, node: on }) => [id, on]));
      for (const { item: id, to } of consolidate(nodes, pair, rules("w", rule)).moves) at.set(id, to);
      return [...at.values()];
    };
    assert.deepEqual(where({}), ["c", "c"]);
    assert.deepEqual(where({ mostPerNode: 1 }), ["b", "c"]);
    assert.deepEqual(where({ mostZoneSkew: 1 }), ["b", "c"]);
    assert.deepEqual(where({ zone: "a" }), ["b", "b"], "c would draw less, and is out of its zone");
  });

  it("leaves what is known to come its place, and says in which order to wake for it", () => {
    const nodes = [node("a", 90, 200), node("b", 100, 200), node("c", 80, 200)];
    const items = [item("x", "a", 1, { movable: false }), item("y", "b", 3), item("z", "c", 1, { movable: false })];
    assert.deepEqual(consolidate(nodes, items).emptied, ["b"]);
    const whole = { cpuCores: 9, memoryBytes: GIB };
    // y takes one of the two places for the whole, and leaves another where it was.
    const plan = consolidate(nodes, items, new Map(), { ...CONSOLIDATION_OPTIONS, reserve: [whole], reserveNodes: 2 });
    assert.deepEqual(plan.waking, [{ need: whole, nodes: ["b"] }]);
    const all = consolidate(nodes, [], new Map(), { ...CONSOLIDATION_OPTIONS, reserve: [whole] });
    assert.deepEqual(all.waking, [{ need: whole, nodes: ["c", "a", "b"] }], "the least thirsty first");
    const small = [node("a", 90, 200), node("b", 100, 200, { supply: { cpuCores: 4, memoryBytes: 100 * GIB } })];
    const full = [item("x", "a", 1, { movable: false }), item("y", "b", 3)];
    const kept = { ...CONSOLIDATION_OPTIONS, reserve: [whole], reserveNodes: 1 };
    assert.deepEqual(consolidate(small, full).emptied, ["b"]);
    assert.deepEqual(
      consolidate(small, full, new Map(), kept).emptied,
      [],
      "a is the last that has room for the whole",
    );
  });

  it("keeps a declared number of empty nodes on, the least thirsty", () => {
    const nodes = [node("a", 100, 200), node("b", 90, 180), node("c", 80, 160)];
    const plan = consolidate(nodes, [], new Map(), { ...CONSOLIDATION_OPTIONS, spareNodes: 1 });
    assert.deepEqual(plan.emptied.toSorted(), ["a", "b"]);
  });

  it("gives GPUs by the device", () => {
    const gpu = { cpuCores: 10, memoryBytes: 100 * GIB, gpus: 2, gpuModel: "T4" };
    const nodes = [node("a", 100, 200, { supply: gpu }), node("b", 90, 180, { supply: gpu })];
    const shared = (id: string, on: string, gpus: number, models?: string[]) =>
      item(id, on, 1, { need: { cpuCores: 1, memoryBytes: GIB, gpus, ...(models && { gpuModels: models }) } });
    assert.equal(
      consolidate(nodes, [shared("x", "a", 0.6), shared("y", "b", 0.6), shared("z", "b", 0.6)]).moves.length,
      0,
    );
    assert.equal(
      consolidate(nodes, [shared("x", "a", 0.4), shared("y", "b", 0.6), shared("z", "b", 0.6)]).moves.length,
      1,
    );
    assert.equal(consolidate(nodes, [shared("x", "a", 1), shared("y", "b", 1)]).moves.length, 1);
    const other = [node("a", 100, 200, { supply: gpu }), node("b", 90, 180, { supply: { ...gpu, gpuModel: "A10" } })];
    assert.equal(
      consolidate(other, [shared("x", "a", 1, ["T4"]), item("y", "b", 1, { movable: false })]).moves.length,
      0,
    );
  });
});
