const { join } = require("node:path");
const { LocalCluster, Workload } = require("../../../dist/components");

const cluster = new LocalCluster("refused", { directory: join(process.env.MNO_STATE_DIR, "cluster") });

// A password in the open (ZT-002) and a shell as the command (ZT-003).
new Workload("leaky", {
  cluster: cluster.url,
  command: ["/bin/sh", "-c", "sleep 60"],
  environment: { DATABASE_PASSWORD: "correct horse battery staple" },
  requests: { cpuCores: 0.1, memoryBytes: 64 * 2 ** 20 },
});
