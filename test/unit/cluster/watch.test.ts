import assert from "node:assert/strict";
import type { WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import { WatchMemory } from "../../../runtime/kernel/cluster/local/watch-memory";
import { supersede } from "../../../runtime/kernel/cluster/local/watch-stream";
import type { WatchLine } from "../../../runtime/kernel/cluster/local/wire";

const status = (name: string, generation = 1): WorkloadStatus => ({
  spec: { name, kind: "service", command: ["x"], requests: { cpuCores: 0, memoryBytes: 0 }, replicas: 0 },
  generation,
  phase: "ready",
  desiredReplicas: 0,
  readyReplicas: 0,
  replicas: [],
  endpoints: {},
});
const line = (type: "applied" | "changed" | "deleted", name: string, generation?: number): WatchLine => ({
  type,
  status: status(name, generation),
});

describe("WatchMemory", () => {
  it("turns the list of a new connection into what changed without one", () => {
    const memory = new WatchMemory();
    const feed = (...lines: WatchLine[]): string[] =>
      lines.flatMap((each) => memory.events(each)).map((event) => `${event.type} ${event.status.spec.name}`);
    assert.deepEqual(feed(line("applied", "a"), line("applied", "b"), line("applied", "c"), { type: "listed" }), [
      "applied a",
      "applied b",
      "applied c",
    ]);
    assert.deepEqual(feed(line("changed", "c", 2), { type: "heartbeat", time: "" }), ["changed c"]);
    memory.reconnected();
    const events = feed(line("applied", "a"), line("applied", "b", 2), line("applied", "d"), { type: "listed" });
    assert.deepEqual(events, ["changed b", "applied d", "deleted c"]);
    assert.deepEqual(feed(line("applied", "a", 3)), ["applied a"]);
  });
});

describe("a watch's backlog", () => {
  it("keeps the latest change of each workload, and every beginning and end", () => {
    const lines = [
      line("changed", "a", 1),
      line("changed", "b", 1),
      line("changed", "a", 2),
      line("deleted", "a"),
      line("applied", "a"),
      line("changed", "a", 3),
    ];
    const kept = lines.reduce<WatchLine[]>((backlog, each) => supersede(backlog, each), []);
    assert.deepEqual(kept, [lines[1], lines[2], lines[3], lines[4], lines[5]]);
    assert.deepEqual(supersede(kept, { type: "heartbeat", time: "" }), kept);
  });
});
