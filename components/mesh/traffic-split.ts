import { createHash } from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { metadata } from "../metadata";
import { duration, isDuration } from "./duration";

/** Who changes the weights once the route exists; what `scaled-by` is for replicas. */
const WEIGHTED_BY = "machine-native-ops/weighted-by";
/** Label of the route with the split's name, by which the owner of the weights finds it. */
const TRAFFIC_SPLIT = "machine-native-ops/traffic-split";

/** One of the services that share the traffic. */
export interface TrafficSplitBackendArgs {
  /** Name of the Service, in the split's namespace. */
  service: string;
  /** Port of the Service. */
  port: number;
  /** Share of the traffic to begin with, relative to the sum; a whole number. Later changes have no effect: the balancer owns it. */
  weight: number;
}

export interface TrafficSplitArgs {
  /** Namespace of the route and of the services. */
  namespace: pulumi.Input<string>;
  /** Name of the Service whose calls in the mesh are split. */
  service?: string;
  /** Name of a Gateway in the same namespace whose requests are split. */
  gateway?: string;
  /** Host names that the requests through the Gateway are for. Default: all of its. */
  hostnames?: pulumi.Input<pulumi.Input<string>[]>;
  /** The services that share the traffic. */
  backends: TrafficSplitBackendArgs[];
  /** Seconds within which a request is answered. Default 15. */
  timeoutSeconds?: number;
  /** Name of the engine that owns the weights. Default `global-load-balancer`. */
  weightedBy?: string;
  /** Labels of every object. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/**
 * Traffic shared between services by weights that the balancer changes while it runs: Pulumi writes them once and then leaves
 * them alone. A change of what the route is made of is a route of another name beside the old one, which goes once the new
 * one is there, so that the weights that the balancer found are never overwritten and requests always find a route.
 */
export class TrafficSplit extends pulumi.ComponentResource {
  /** Name of the HTTPRoute. */
  readonly routeName: pulumi.Output<string>;

  constructor(name: string, args: TrafficSplitArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:TrafficSplit", name, args, opts);
    refuse("TrafficSplit", name, validateTrafficSplit(args));
    const { namespace, labels, backends, hostnames, weightedBy = "global-load-balancer" } = args;
    const route = `${name}-${digestOfRules(args)}`;
    const also = { [TRAFFIC_SPLIT]: name };
    const annotations = { [WEIGHTED_BY]: weightedBy };
    new k8s.apiextensions.CustomResource(
      route,
      {
        apiVersion: "gateway.networking.k8s.io/v1",
        kind: "HTTPRoute",
        metadata: metadata(route, { component: name, namespace, labels, also, annotations }),
        spec: {
          parentRefs: [parentOf(args)],
          ...(hostnames && { hostnames }),
          rules: [
            {
              timeouts: { request: duration(args.timeoutSeconds ?? 15) },
              backendRefs: backends.map(({ service, port, weight }) => ({ name: service, port, weight })),
            },
          ],
        },
      },
      // The API server merges this list as one (x-kubernetes-list-type: atomic), so whoever owns a weight owns all rules.
      { parent: this, ignoreChanges: ["spec.rules"] },
    );
    this.routeName = pulumi.output(route);
    this.registerOutputs({ routeName: this.routeName });
  }
}

/** Tells routes of different rules apart, weights left out. */
function digestOfRules({ backends, timeoutSeconds }: TrafficSplitArgs): string {
  const rules = [backends.map(({ service, port }) => [service, port]), timeoutSeconds ?? 15];
  return createHash("sha256").update(JSON.stringify(rules)).digest("hex").slice(0, 8);
}

function parentOf({ service, gateway, backends }: TrafficSplitArgs): object {
  if (gateway !== undefined) return { group: "gateway.networking.k8s.io", kind: "Gateway", name: gateway };
  return { group: "", kind: "Service", name: service, port: backends[0]?.port };
}

/** The Gateway API's own bound. */
const MAX_WEIGHT = 1_000_000;

/** Faults of the arguments; each message says what would be right. */
export function validateTrafficSplit(args: TrafficSplitArgs): FieldFault[] {
  const { service, gateway, backends, hostnames, timeoutSeconds } = args;
  const names = backends.map((backend) => `${backend.service}:${String(backend.port)}`);
  const wrong = (value: number, least: number, most: number) =>
    !(Number.isInteger(value) && value >= least && value <= most);
  return faultsOf([
    [
      (service === undefined) === (gateway === undefined),
      "service",
      "or gateway: exactly one of the two must be given",
    ],
    [service !== undefined && hostnames !== undefined, "hostnames", "are a Gateway's; a Service has its own name"],
    [
      backends.length === 0 || backends.length > 16,
      "backends",
      "must be 1 to 16, the Gateway API's bound for one rule",
    ],
    [new Set(names).size !== names.length, "backends", "name a service and port twice"],
    ...backends.flatMap(({ port, weight }, index) => [
      [wrong(port, 1, 65535), `backends[${String(index)}].port`, "must be a whole number from 1 to 65535"] as const,
      [
        wrong(weight, 0, MAX_WEIGHT),
        `backends[${String(index)}].weight`,
        `must be a whole number from 0 to ${String(MAX_WEIGHT)}`,
      ] as const,
    ]),
    [
      backends.length > 0 && backends.every(({ weight }) => weight === 0),
      "backends",
      "have no weight above 0: every request would be answered with 500",
    ],
    [!isDuration(timeoutSeconds), "timeoutSeconds", "must be seconds above 0: whole ones, or milliseconds below 100 s"],
  ]);
}
