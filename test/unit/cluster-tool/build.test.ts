import assert from "node:assert/strict";
import { supervisorFiles } from "../../../tools/build";

describe("digest of the supervisor", () => {
  it("covers what a supervisor runs, and neither engines nor the drivers of clusters", () => {
    const counts = supervisorFiles();
    for (const name of [
      "main",
      "exports/errors",
      "kernel/cluster/local/replica",
      "kernel/cluster/spec",
      "kernel/clock",
    ])
      assert.ok(counts(`runtime/${name}.js`), name);
    for (const name of ["kernel/cluster/kubernetes/driver", "kernel/cluster/leases/election", "kernel/cluster/open"])
      assert.ok(!counts(`runtime/${name}.js`), name);
    assert.ok(!counts("runtime/scalability/elastic-resource-manager/agent.js"));
  });
});
