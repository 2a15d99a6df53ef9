import { isAbsolute, join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { metadata } from "../metadata";
import { API_SERVER_PORTS } from "../workload/kubernetes/network-policy";
import { OPERATOR_CHARTS, type OperatorChart, type OperatorName } from "./catalogue";

export interface OperatorsArgs {
  /** Namespace of the operators, which exists and denies traffic by default. */
  namespace: pulumi.Input<string>;
  /** Which: `cert-manager`, `cloudnative-pg`, `plugin-barman-cloud`, `keda`. */
  operators: string[];
  /** Absolute folder with one chart folder per operator, instead of the vendors' repositories: for sites that cannot reach them. */
  directory?: string;
  /** false: their pods are not waited for. Default true. */
  wait?: boolean;
  /** Labels of the objects that the component makes itself. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/** Ports of the operators' admission webhooks, which the API server calls from addresses that the cluster's provider chooses. */
const WEBHOOK_PORTS = [6443, 9443, 10250, 10260];
/** Operators among themselves: CloudNativePG calls its Barman Cloud plugin, KEDA's metrics server its operator (both gRPC). */
const PEER_PORTS = [9090, 9666];
/** CloudNativePG asks its instances for their status. */
const INSTANCE_PORTS = [8000, 5432, 9090];

/**
 * The operators that other components' custom resources need, from their vendors' charts, each at the release that those
 * components were tried against. Their definitions come from CustomResourceDefinitions: `dependsOn` it.
 */
export class Operators extends pulumi.ComponentResource {
  /** Names of the operators, once their charts are there. */
  readonly ready: pulumi.Output<string[]>;

  constructor(name: string, args: OperatorsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Operators", name, args, opts);
    refuse("Operators", name, validateOperators(args));
    const { namespace, directory, labels, wait = true } = args;
    const traffic = new k8s.networking.v1.NetworkPolicy(
      name,
      {
        metadata: metadata(name, { namespace, ...(labels && { labels }) }),
        spec: {
          podSelector: {},
          policyTypes: ["Ingress", "Egress"],
          ingress: [{ ports: tcp(WEBHOOK_PORTS) }, { from: [{ podSelector: {} }], ports: tcp(PEER_PORTS) }],
          egress: [
            { ports: tcp(API_SERVER_PORTS) },
            { to: [{ namespaceSelector: {} }], ports: tcp(INSTANCE_PORTS) },
            { to: [{ podSelector: {} }], ports: tcp(PEER_PORTS) },
          ],
        },
      },
      { parent: this },
    );
    const charts = (args.operators as OperatorName[]).map((operator) => {
      const chart: OperatorChart = OPERATOR_CHARTS[operator];
      const from =
        directory === undefined
          ? { chart: operator, version: chart.version, repositoryOpts: { repo: chart.repository } }
          : { chart: join(directory, chart.folder) };
      const made = new k8s.helm.v4.Chart(
        `${name}-${operator}`,
        { ...from, name: operator, namespace, values: chart.values, skipAwait: !wait },
        { parent: this, dependsOn: [traffic] },
      );
      return made.urn.apply(() => operator);
    });
    this.ready = pulumi.all(charts);
    this.registerOutputs({ ready: this.ready });
  }
}

function validateOperators({ operators, directory }: OperatorsArgs): FieldFault[] {
  const known = Object.keys(OPERATOR_CHARTS);
  return faultsOf([
    [operators.length === 0, "operators", `must name at least one of ${known.join(", ")}`],
    [new Set(operators).size !== operators.length, "operators", "have a name twice"],
    ...operators.map(
      (operator, index) =>
        [
          !known.includes(operator),
          `operators[${String(index)}]`,
          `is "${operator}"; known are ${known.join(", ")}`,
        ] as const,
    ),
    [directory !== undefined && !isAbsolute(directory), "directory", "must be an absolute path"],
  ]);
}

function tcp(ports: readonly number[]): { protocol: string; port: number }[] {
  return ports.map((port) => ({ protocol: "TCP", port }));
}
