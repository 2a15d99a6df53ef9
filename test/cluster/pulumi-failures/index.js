const pulumi = require("@pulumi/pulumi");
const { KubernetesNamespace, KubernetesWorkload } = require("../../../dist/components");

const config = new pulumi.Config();
const namespace = config.require("namespace");
const after = { dependsOn: [new KubernetesNamespace(namespace, { protect: false })] };
const common = { namespace, image: config.require("image"), requests: { cpuCores: 0.01, memoryBytes: 16 * 2 ** 20 } };

for (const [name, args] of Object.entries(config.requireObject("workloads"))) {
  new KubernetesWorkload(name, { ...common, ...args }, after);
}
