const k8s = require("@pulumi/kubernetes");
const pulumi = require("@pulumi/pulumi");

const config = new pulumi.Config();
const labels = { "app.kubernetes.io/name": "store" };
new k8s.apps.v1.StatefulSet(
  config.get("logicalName") ?? "store",
  {
    metadata: { name: config.get("objectName") ?? "store", namespace: "default" },
    spec: {
      serviceName: config.get("serviceName") ?? "store-headless",
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "store", image: config.get("image") ?? "registry.invalid/store:1" }] },
      },
    },
  },
  { protect: config.requireBoolean("protect") },
);
