import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { Capacity } from "../../../runtime/scalability/elastic-resource-manager/capacity";
import { place } from "../../../runtime/scalability/elastic-resource-manager/engine";
import type { Amount } from "../../../runtime/scalability/elastic-resource-manager/quantities";
import { GOLDEN_SCORES } from "../../../tools/oracles/scores";
import { claim, demand, node, numbered } from "../../support/erm-fixtures";

interface Scored {
  allocatable: number[];
  used: number[];
  asked: number[];
  least: number;
  most: number;
}

const amountOf = ([cpuMilli = 0, memoryBytes = 0, gpus = 0]: number[]): Amount => ({
  cpuMilli,
  memoryBytes,
  ...(gpus > 0 && { gpuMilli: gpus * 1000 }),
});

describe("least-allocated and most-allocated", () => {
  it("score as kube-scheduler's own code does, in every case of the golden file", () => {
    const lines = gunzipSync(readFileSync(GOLDEN_SCORES)).toString("utf8").trimEnd().split("\n");
    assert.ok(lines.length >= 1000);
    for (const line of lines) {
      const { allocatable, used, asked, least, most } = JSON.parse(line) as Scored;
      const capacity = Capacity.of([node("n", 0, 0, { allocatable: amountOf(allocatable) })]);
      const devices = [Array.from({ length: used[2] ?? 0 }, (_, device) => device)];
      capacity.take({ ...claim("x", null, 0, 0, ["n"]), amount: amountOf(used), devices });
      const score = (strategy: "least-allocated" | "most-allocated") =>
        place(capacity, [demand("t", 0, 0, { amount: amountOf(asked), strategy })], numbered())[0]?.nodes[0]?.score;
      assert.deepEqual([score("least-allocated"), score("most-allocated")], [least, most], line);
    }
  });
});
