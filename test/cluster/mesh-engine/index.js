const pulumi = require("@pulumi/pulumi");
const {
  CustomResourceDefinitions,
  EgressHost,
  Gateway,
  ServiceMesh,
  ServicePolicy,
  TrafficSplit,
  Waypoint,
} = require("../../../dist/components");

const config = new pulumi.Config();
const crds = new CustomResourceDefinitions("crds", {
  sources: ["gateway-api", "istio"].map((name) => ({ name })),
  directory: config.require("crds"),
  protect: false,
});
const split = new TrafficSplit(
  "split",
  {
    namespace: "default",
    service: "cart",
    backends: config.requireObject("backends"),
    labels: { team: config.require("team") },
  },
  { dependsOn: [crds] },
);
const after = { dependsOn: [crds] };
const namespace = "default";
new ServicePolicy("cart-calls", { namespace, service: "cart", port: 80 }, after);
new EgressHost("payments", { namespace, hosts: ["pay.example.com"], because: "Payments are made there." }, after);
new Waypoint("door", { namespace }, after);
const routes = [{ name: "cart", service: "cart", port: 80 }];
new Gateway("gate", { namespace, hostnames: ["a.example.com"], plaintextBecause: "A test.", routes }, after);

exports.ready = crds.ready;
exports.route = split.routeName;

const charts = config.get("charts");
if (charts !== undefined) {
  const images = { hub: "mno.invalid/istio", tag: "1.30.3" };
  new ServiceMesh("mesh", { charts: { directory: charts }, images, alerts: false }, { dependsOn: [crds] });
}
