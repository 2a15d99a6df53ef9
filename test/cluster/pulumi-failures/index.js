const pulumi = require("@pulumi/pulumi");
const {
  CustomResourceDefinitions,
  KubernetesNamespace,
  KubernetesWorkload,
  tellRemedies,
} = require("../../../dist/components");

tellRemedies();
const config = new pulumi.Config();
const namespace = config.require("namespace");
const dependsOn = [new KubernetesNamespace(namespace, { protect: false })];
const crds = config.get("crds");
if (crds !== undefined) {
  const sources = [{ name: "prometheus-monitors" }];
  dependsOn.push(new CustomResourceDefinitions("crds", { sources, directory: crds, protect: false }));
}
const common = { namespace, image: config.require("image"), requests: { cpuCores: 0.01, memoryBytes: 16 * 2 ** 20 } };
for (const [name, args] of Object.entries(config.requireObject("workloads"))) {
  new KubernetesWorkload(name, { ...common, ...args }, { dependsOn });
}
