import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../arguments";
import { MeshKind } from "../mesh/kinds";
import { BECAUSE, metadata, type ObjectMetadata } from "../metadata";
import { type Connectable, Connections } from "../workload/kubernetes/connections";
import { gatewayTraffic } from "./gateway-traffic";
import { certificate, HTTP, HTTPS, listeners } from "./listeners";
import { redirectSpec, routeSpec } from "./routes";
import type { GatewayArgs } from "./types";
import { validateGateway } from "./validate";

const GROUP = "gateway.networking.k8s.io";

/**
 * The door of the cluster: hostnames with TLS, HTTP redirected to it, and routes to Services, as Gateway API objects. Inside
 * the cluster's network only, unless a reason to expose it is given. What it may call, its connections say.
 */
export class Gateway extends pulumi.ComponentResource implements Connectable {
  /** Name of the Gateway. */
  readonly gatewayName: pulumi.Output<string>;
  /** Namespace it is in. */
  readonly namespace: pulumi.Output<string>;
  /** Its identity: the service account that its class gives to its pods. */
  readonly serviceAccountName: pulumi.Output<string>;
  /** `<name>-<class>.<namespace>.svc`, where clients inside the cluster reach it. */
  readonly host: pulumi.Output<string>;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Gateway", name, args, opts);
    refuse("Gateway", name, validateGateway(args));
    const { namespace, className = "istio", tls, routes } = args;
    const create = (
      suffix: string,
      [apiVersion, kind]: readonly [string, string],
      spec: object,
      own: Partial<ObjectMetadata> = {},
    ): k8s.apiextensions.CustomResource => {
      const object = metadata(suffix === "gateway" ? name : `${name}-${suffix}`, {
        component: name,
        namespace,
        labels: args.labels,
      });
      return new k8s.apiextensions.CustomResource(
        `${name}-${suffix}`,
        { apiVersion, kind, metadata: { ...object, ...own }, spec },
        { parent: this },
      );
    };

    if (tls?.issuer !== undefined)
      create("certificate", ["cert-manager.io/v1", "Certificate"], certificate(name, args, tls));
    create(
      "gateway",
      [`${GROUP}/v1`, "Gateway"],
      { gatewayClassName: className, listeners: listeners(name, args) },
      {
        annotations: annotations(args, className),
      },
    );
    if (tls) create("redirect", [`${GROUP}/v1`, "HTTPRoute"], redirectSpec(name));
    for (const route of routes)
      create(`route-${route.name}`, [`${GROUP}/v1`, "HTTPRoute"], routeSpec(name, args, route));
    for (const foreign of new Set(routes.flatMap(({ serviceNamespace }) => serviceNamespace ?? []))) {
      const services = routes.filter((route) => route.serviceNamespace === foreign).map(({ service }) => service);
      const to = [...new Set(services)].map((service) => ({ group: "", kind: "Service", name: service }));
      const from = [{ group: GROUP, kind: "HTTPRoute", namespace }];
      create(`grant-${foreign}`, [`${GROUP}/v1beta1`, "ReferenceGrant"], { from, to }, { namespace: foreign });
    }
    const ports = tls ? [HTTP, HTTPS] : [HTTP];
    gatewayTraffic(name, { namespace, labels: args.labels, ports, istio: className === "istio" }, { parent: this });

    this.gatewayName = pulumi.output(name);
    this.namespace = pulumi.output(namespace);
    this.serviceAccountName = pulumi.output(`${name}-${className}`);
    this.host = pulumi.interpolate`${name}-${className}.${namespace}.svc`;
    Connections.bind(
      this,
      new Connections({
        name,
        namespace,
        podLabels: { [`${GROUP}/gateway-name`]: name },
        serviceAccountName: this.serviceAccountName,
        ports,
        // Istio's gateways speak to the mesh as ambient pods do; another class's are strangers to it.
        mesh: className === "istio" ? MeshKind.IstioAmbient : MeshKind.None,
        parent: this,
        ...(args.labels === undefined ? {} : { labels: args.labels }),
      }),
    );
    this.registerOutputs({
      gatewayName: this.gatewayName,
      namespace: this.namespace,
      serviceAccountName: this.serviceAccountName,
      host: this.host,
    });
  }

  /** Whom it may call: `gateway.connections.allowTo(erm)` for each Service behind it. */
  get connections(): Connections {
    return Connections.of(this);
  }
}

function annotations({ plaintextBecause, exposedBecause }: GatewayArgs, className: string): Record<string, string> {
  const because = [plaintextBecause, exposedBecause].filter((reason) => reason !== undefined);
  const serviceType = exposedBecause === undefined ? "ClusterIP" : "LoadBalancer";
  return {
    ...(className === "istio" && { "networking.istio.io/service-type": serviceType }),
    ...(exposedBecause !== undefined && { "machine-native-ops/exposed-because": exposedBecause }),
    ...(because.length > 0 && { [BECAUSE]: because.join("; ") }),
  };
}
