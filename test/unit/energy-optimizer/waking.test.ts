import assert from "node:assert/strict";
import { linearPower } from "../../../runtime/kernel/energy/curve";
import { fleetNodes } from "../../../runtime/sustainability/energy-optimizer/fleet-of";
import { Fleet } from "../../../runtime/sustainability/energy-optimizer/fleet";
import { largest, Reserve } from "../../../runtime/sustainability/energy-optimizer/reserve";
import { wakingOrder, wattsPerFit } from "../../../runtime/sustainability/energy-optimizer/waking";
import { GIB, item, node } from "./fixtures";

describe("energy optimizer: order of waking, and what is kept free", () => {
  const need = { cpuCores: 2, memoryBytes: 10 * GIB };

  it("wakes what draws least for what it holds, not what draws least", () => {
    const large = node("large", 300, 600, { supply: { cpuCores: 100, memoryBytes: 1000 * GIB } });
    const small = node("small", 100, 200, { supply: { cpuCores: 10, memoryBytes: 100 * GIB } });
    assert.ok(Math.abs(wattsPerFit(large, need) - 6) < 1e-9);
    assert.ok(Math.abs(wattsPerFit(small, need) - 20) < 1e-9);
  });

  it("wakes nothing that the need does not fit on", () => {
    const supply = { cpuCores: 10, memoryBytes: 100 * GIB, gpus: 2, gpuModel: "T4" };
    const gpu = node("gpu", 100, 200, { supply });
    assert.equal(wattsPerFit(gpu, { ...need, gpus: 1 }), 50);
    assert.equal(wattsPerFit(gpu, { ...need, gpus: 4 }), Infinity);
    assert.equal(wattsPerFit(gpu, { ...need, gpus: 1, gpuModels: ["A10"] }), Infinity);
    assert.equal(wattsPerFit(gpu, { cpuCores: 11, memoryBytes: GIB }), Infinity);
  });

  it("keeps the largest of what came before a place, where it had one", () => {
    const nodes = [node("a", 100, 200), node("b", 100, 200)];
    const fleet = new Fleet(nodes);
    const [a, b] = [...fleet.hosts.values()];
    assert.ok(a && b);
    fleet.add(a, item("x", "a", 6));
    const whole = { cpuCores: 10, memoryBytes: 10 * GIB };
    const reserve = new Reserve(fleet, [whole, need], 2);
    assert.ok(reserve.holds());
    assert.ok(reserve.holdsWith(a, need), "a never had room for the whole");
    assert.equal(reserve.holdsWith(b, need), false, "b is the last that has");
    assert.equal(reserve.holdsWith(a, whole), false, "it does not fit at all");
    assert.ok(reserve.holds(), "asking takes nothing");
    const before = b.room.cpuCores;
    for (let ask = 0; ask < 10; ask++) reserve.holdsWith(b, { cpuCores: 0.1 + ask / 3, memoryBytes: GIB });
    assert.equal(b.room.cpuCores, before, "not even a rounding");
  });

  it("wakes first what the largest can do without, then by watts", () => {
    const small = { cpuCores: 4, memoryBytes: 100 * GIB };
    const nodes = [node("large", 60, 200), node("a", 40, 80, { supply: small }), node("b", 30, 80, { supply: small })];
    const fleet = new Fleet(nodes.map((one) => ({ ...one, on: false })));
    const order = (reserve: Reserve) =>
      wakingOrder([...fleet.hosts.values()], need, reserve).map(({ node: { name } }) => name);
    assert.deepEqual(order(new Reserve(fleet, [], 2)), ["large", "b", "a"]);
    const whole = { cpuCores: 10, memoryBytes: 10 * GIB };
    assert.deepEqual(order(new Reserve(fleet, [whole], 2)), ["b", "a", "large"]);
    assert.deepEqual(
      wakingOrder([...fleet.hosts.values()], { cpuCores: 11, memoryBytes: GIB }, new Reserve(fleet, [], 2)),
      [],
    );
  });

  it("knows what a plan has switched off from what is broken", () => {
    const quantities = { cpuCores: 4, memoryBytes: 8 * GIB };
    const nodes = ["on", "off", "broken"].map((name) => ({
      name,
      ready: name === "on",
      zone: "a",
      labels: {},
      capacity: quantities,
      allocatable: quantities,
    }));
    const models = new Map(nodes.map(({ name }) => [name, linearPower(10, 20, "made up")]));
    assert.deepEqual(
      fleetNodes(nodes, models, new Set(["on", "off"])).map(({ name, on, eligible }) => [name, on, eligible]),
      [
        ["on", true, true],
        ["off", false, true],
        ["broken", true, false],
      ],
    );
  });

  it("knows which needs cover the others", () => {
    const gpu = { cpuCores: 1, memoryBytes: GIB, gpus: 0.5 };
    const other = { ...gpu, gpuModels: ["T4"] };
    assert.deepEqual(largest([need, need, { cpuCores: 1, memoryBytes: GIB }]), [need]);
    assert.deepEqual(largest([{ ...need, gpus: 1 }, gpu]), [{ ...need, gpus: 1 }]);
    assert.equal(largest([{ ...need, gpus: 1 }, other]).length, 2, "models differ: neither stands for the other");
  });
});
