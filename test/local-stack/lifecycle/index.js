const { join } = require("node:path");
const pulumi = require("@pulumi/pulumi");
const { LocalCluster, Workload } = require("../../../dist/components");

const config = new pulumi.Config();
const cluster = new LocalCluster("lifecycle", { directory: join(process.env.MNO_STATE_DIR, "cluster") });
const name = config.get("name");
if (name !== undefined) {
  const workload = new Workload(name, {
    cluster: cluster.url,
    kind: config.get("kind") ?? "service",
    command: [process.execPath, join(__dirname, "..", "..", "support", "workloads", config.require("program"))],
    replicas: config.getNumber("replicas") ?? 1,
    environment: { GREETING: config.get("greeting") ?? "hello" },
    secretEnvironment: { PASSPHRASE: config.requireSecret("secret") },
    requests: { cpuCores: 0.05, memoryBytes: 32 * 2 ** 20 },
    ports: [{ name: "http", port: 0 }],
  });
  exports.url = workload.url;
}
