import assert from "node:assert/strict";
import { type Line, phasesOf } from "../../../bench/pulumi-timeline";

const step = (type: string, urn: string, custom = true) => ({ metadata: { urn, type, op: "create", new: { custom } } });
const begin = (at: number, type: string, urn = type, custom = true): Line => ({
  at,
  text: JSON.stringify({ resourcePreEvent: step(type, urn, custom) }),
});
const end = (at: number, type: string, urn = type): Line => ({
  at,
  text: JSON.stringify({ resOutputsEvent: step(type, urn) }),
});
const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";
const DEPLOYMENT = "kubernetes:apps/v1:Deployment";

describe("phases of an update", () => {
  it("are loading until the first resource, pods while only they are under way, and the rest", () => {
    const lines = [begin(3000, CONFIG_MAP), begin(3500, DEPLOYMENT), end(4000, CONFIG_MAP), end(9000, DEPLOYMENT)];
    assert.deepEqual(phasesOf(lines, 10_000), { loading: 3, pods: 5, objects: 2 });
  });

  it("add up to the whole, and begin again after a pause", () => {
    const lines = [
      begin(1000, DEPLOYMENT, "a"),
      begin(1500, DEPLOYMENT, "b"),
      end(2000, DEPLOYMENT, "a"),
      end(3000, DEPLOYMENT, "b"),
      begin(4000, CONFIG_MAP),
      end(5000, CONFIG_MAP),
      begin(5000, DEPLOYMENT, "c"),
      end(6000, DEPLOYMENT, "c"),
    ];
    assert.deepEqual(phasesOf(lines, 7000), { loading: 1, pods: 3, objects: 3 });
  });

  it("count neither the stack nor components nor other lines", () => {
    const lines = [
      { at: 100, text: "Updating" },
      { at: 200, text: "{ not an event" },
      begin(300, "pulumi:pulumi:Stack", "stack"),
      begin(400, "pulumi:providers:kubernetes", "provider"),
      begin(500, "machine-native-ops:index:Cache", "cache", false),
      begin(2000, CONFIG_MAP),
      end(2500, CONFIG_MAP),
    ];
    assert.deepEqual(phasesOf(lines, 3000), { loading: 2, pods: 0, objects: 1 });
    assert.deepEqual(phasesOf([], 3000), { loading: 3, pods: 0, objects: 0 });
  });
});
