import assert from "node:assert/strict";
import { openCluster } from "../../runtime/kernel/cluster/open";
import { clusterContract } from "../contract/cluster";
import { TestNamespace } from "../support/kubernetes/test-namespace";

clusterContract("kubernetes", async () => {
  const namespace = await TestNamespace.create("driver");
  const cluster = openCluster(namespace.url);
  // The node itself keeps no CPU back: what another namespace has set aside is what is missing from it.
  const strangers = await TestNamespace.create("strangers");
  const stranger = openCluster(strangers.url);
  await stranger.apply({
    name: "stranger",
    kind: "service",
    command: strangers.command("service"),
    requests: { cpuCores: 0.2, memoryBytes: 64 * 1024 ** 2 },
    replicas: 1,
  });
  await strangers.kubectl("rollout", "status", "deployment/stranger", "--timeout=60s");
  return {
    cluster,
    command: (program) => namespace.command(program),
    kill: async (_workload, replica) => {
      const [pid] = namespace.processes(replica);
      assert.ok(pid);
      process.kill(pid, "SIGKILL");
    },
    // Pods are scheduled and probed every second, drain for five, and are retried after ten, twenty and forty.
    patience: 5,
    sharedAddress: false,
    keepsOldest: false,
    close: async () => {
      await Promise.all([cluster.close(), stranger.close(), strangers.delete()]);
      const left = await namespace.kubectl("get", "deployments,jobs,services,secrets,pods", "--output", "name");
      await namespace.delete();
      assert.equal(left, "", "the tests left nothing behind");
    },
  };
});
