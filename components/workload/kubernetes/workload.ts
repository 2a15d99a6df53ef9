import * as pulumi from "@pulumi/pulumi";
import { refuse } from "../../arguments";
import { MeshKind } from "../../mesh/kinds";
import { type Connectable, Connections } from "./connections";
import { containerPort, isSecured } from "./containers";
import { selectorLabels } from "../../metadata";
import { NAMESPACE_LABEL } from "./network-policy";
import { OptOutSetting } from "./operation-types";
import { Parts } from "./parts";
import { isLasting, optedOut } from "./shape";
import type { KubernetesWorkloadArgs } from "./types";
import { validateKubernetesWorkload } from "./validate";

const MONITORING_NAMESPACE = "monitoring";

/**
 * One service or job on Kubernetes, with all that a good one has: an identity, the least rights, Pod Security "restricted",
 * no traffic but what is allowed, probes, spread, budgets for drains, graceful ends. Each default that can be given up is
 * given up with a reason.
 */
export class KubernetesWorkload extends pulumi.ComponentResource implements Connectable {
  /** Name of the Deployment, StatefulSet, Job or CronJob. */
  readonly workloadName: pulumi.Output<string>;
  /** Namespace it runs in. */
  readonly namespace: pulumi.Output<string>;
  /** Name of its ServiceAccount, its identity. */
  readonly serviceAccountName: pulumi.Output<string>;
  /** `<name>.<namespace>.svc`, where clients reach it; empty without a Service. */
  readonly host: pulumi.Output<string>;
  /** `http://<host>:<first port>`, `https:` where that port's `appProtocol` says so; empty without a Service. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: KubernetesWorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:KubernetesWorkload", name, withSecrets(args), opts);
    refuse("KubernetesWorkload", name, validateKubernetesWorkload(name, args));
    const isolated = !optedOut(args, OptOutSetting.NetworkPolicy);
    const everyPort = [...(args.ports ?? []), ...(args.sidecars ?? []).flatMap(({ ports }) => ports ?? [])];
    const connections = new Connections({
      name,
      namespace: args.namespace,
      podLabels: selectorLabels(name),
      serviceAccountName: name,
      ports: everyPort.map((port) => ({ name: port.name, port: containerPort(port) })),
      mesh: args.mesh ?? MeshKind.None,
      parent: this,
      labels: args.labels,
      isolated,
    });
    Connections.bind(this, connections);

    const parts = new Parts(name, args, this);
    const account = parts.account();
    const before = [account, ...parts.roles(), ...(isolated ? [parts.networkPolicy()] : [])];
    const controller = parts.controller(before);
    parts.service();
    parts.availability(controller);
    parts.monitoring();
    if (args.metrics) {
      const { port, fromNamespace = MONITORING_NAMESPACE } = args.metrics;
      connections.allowFromNamespace({ [NAMESPACE_LABEL]: fromNamespace }, [port], "Prometheus scrapes it.");
    }

    const first = isLasting(args) ? args.ports?.[0] : undefined;
    const port = first?.port;
    // Known before the objects exist, so that a first preview shows what depends on them; the URN carries the dependency.
    this.workloadName = controller.urn.apply(() => name);
    this.namespace = pulumi.all([args.namespace, controller.urn]).apply(([namespace]) => namespace);
    this.serviceAccountName = account.urn.apply(() => name);
    this.host = this.namespace.apply((namespace) => (port === undefined ? "" : `${name}.${namespace}.svc`));
    const scheme = isSecured(first) ? "https" : "http";
    this.url = this.host.apply((host) => (port === undefined ? "" : `${scheme}://${host}:${String(port)}`));
    this.registerOutputs({
      workloadName: this.workloadName,
      namespace: this.namespace,
      serviceAccountName: this.serviceAccountName,
      host: this.host,
      url: this.url,
    });
  }

  /** Who may talk to it, and to whom it may talk. */
  get connections(): Connections {
    return Connections.of(this);
  }
}

/** The arguments as state may see them: what is secret by its place is marked so, however it was given. */
function withSecrets(args: KubernetesWorkloadArgs): KubernetesWorkloadArgs {
  const { secretEnvironment, files } = args;
  return {
    ...args,
    ...(secretEnvironment === undefined ? {} : { secretEnvironment: pulumi.secret(secretEnvironment) }),
    ...(files === undefined
      ? {}
      : {
          files: files.map((each) =>
            each.secretContents === undefined ? each : { ...each, secretContents: pulumi.secret(each.secretContents) },
          ),
        }),
  };
}
