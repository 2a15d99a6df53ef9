import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { refuse } from "../arguments";
import { metadata } from "../metadata";
import { randomPassword } from "../storage/passwords";
import { serverCertificate } from "../storage/tls";
import { Connections } from "../workload/kubernetes/connections";
import { headlessName } from "../workload/kubernetes/controllers";
import { KubernetesWorkload } from "../workload/kubernetes/workload";
import { backboneAlerts } from "./alerts";
import { backboneConfig, PORTS, type RemoteSettings } from "./config";
import { drainBeforeStop } from "./drain";
import { backbonePods, CLIENT, layout } from "./pod";
import type { EventAccountArgs, EventBackboneArgs, LeafRemoteArgs } from "./types";
import { accountNames, validateEventBackbone } from "./validate";

const GIB = 1024 ** 3;

/**
 * The event backbone: a NATS cluster with JetStream, whose streams outlive the loss of a server, a node or a zone. Encrypted on
 * the wire and on disk, one account for each tenant, joined with other regions by leaf nodes.
 * Errors: MNO_COMPONENT_ARGS_INVALID with every fault at once.
 */
export class EventBackbone extends pulumi.ComponentResource {
  /** `tls://host:4222`, or `nats://host:4222` without TLS. */
  readonly url: pulumi.Output<string>;
  /** The same with user and password of the first account, as MNO_BUS_URL takes it. Secret. */
  readonly credentialsUrl: pulumi.Output<string>;
  /** Account -> name of the Secret whose keys `url`, `username` and `password` workloads may refer to. */
  readonly credentialsSecretNames: pulumi.Output<{ [account: string]: string }>;
  /** Name of the Secret whose key `ca.crt` is the authority of the servers' certificates; empty without TLS. */
  readonly certificateSecretName: pulumi.Output<string>;
  /** Copies that a stream may have: the number of servers, 3 at most. */
  readonly streamReplicas: pulumi.Output<number>;

  constructor(name: string, args: EventBackboneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:EventBackbone", name, withSecrets(args), opts);
    refuse("EventBackbone", name, validateEventBackbone(name, args));
    const { namespace, tls, replicas = 3, storageBytes = 10 * GIB, protect = true, labels, leafNodes } = args;
    const owned = { component: name, namespace, ...(labels && { labels }) };
    const domain = pulumi.interpolate`${headlessName(name)}.${namespace}.svc`;
    const host = pulumi.interpolate`${name}.${namespace}.svc`;
    const dnsNames = pulumi.all([domain, host]).apply(([pods, all]) => [all, pods, `*.${pods}`, "localhost"]);
    const certificate = serverCertificate({ name, namespace, tls, dnsNames, labels, parent: this });
    const at = layout(certificate !== undefined);

    const accounts = (args.accounts ?? accountNames(args).map((each): EventAccountArgs => ({ name: each }))).map(
      (account) => ({
        name: account.name,
        password:
          account.password === undefined
            ? randomPassword(`${name}-${account.name}-password`, this)
            : pulumi.secret(account.password),
      }),
    );
    const scheme = certificate === undefined ? "nats" : "tls";
    this.url = pulumi.interpolate`${scheme}://${host}:${PORTS.client}`;
    const secrets = accounts.map((account) => {
      const url = pulumi
        .all([host, account.password])
        .apply(([at, password]) => `${scheme}://${account.name}:${encodeURIComponent(password)}@${at}:${PORTS.client}`);
      const secretName = `${name}-${account.name}-credentials`;
      const secret = new k8s.core.v1.Secret(
        secretName,
        {
          metadata: metadata(secretName, owned),
          stringData: { url, username: account.name, password: account.password },
        },
        { parent: this },
      );
      return { account: account.name, url, secretName: secret.metadata.name };
    });
    this.credentialsUrl = secrets[0]!.url;
    this.credentialsSecretNames = pulumi
      .all(secrets.map(({ account, secretName }) => secretName.apply((each) => [account, each] as const)))
      .apply((entries) => Object.fromEntries(entries));
    this.certificateSecretName = pulumi.output(certificate ?? "");
    this.streamReplicas = pulumi.output(Math.min(replicas, 3));

    const requests = pulumi.output(args.requests ?? { cpuCores: 0.5, memoryBytes: GIB });
    const config = pulumi
      .output({
        domain,
        requests,
        accounts,
        remotes: (leafNodes?.remotes ?? []).map((remote) => remoteSettings(remote, accounts[0]!.name)),
        systemPassword: randomPassword(`${name}-system-password`, this),
        routePassword: randomPassword(`${name}-route-password`, this),
        encryptionKey: randomPassword(`${name}-encryption-key`, this, protect ? { protect } : {}),
      })
      .apply(({ domain: pods, requests: { memoryBytes }, ...rest }) =>
        backboneConfig(at, {
          ...rest,
          name,
          hosts: Array.from({ length: replicas }, (_, index) => `${name}-${index}.${pods}`),
          storageBytes,
          memoryBytes,
          maxPayloadBytes: args.maxPayloadBytes ?? 1024 ** 2,
          domain: leafNodes?.domain,
          acceptsLeafNodes: leafNodes?.acceptFrom !== undefined,
        }),
      );
    const workload = new KubernetesWorkload(
      name,
      {
        ...backbonePods({ args, layout: at, requests, replicas, storageBytes, config, certificate }),
        ...(args.metrics && { alerts: backboneAlerts(name, replicas) }),
        ...(args.mesh !== undefined && { mesh: args.mesh }),
        ...(args.zoneSpread !== undefined && { zoneSpread: args.zoneSpread }),
        ...(args.priorityClassName !== undefined && { priorityClassName: args.priorityClassName }),
        ...(tls.offBecause !== undefined && {
          annotations: { [`${KUBERNETES_ANNOTATIONS.optOut}tls`]: tls.offBecause },
        }),
        protect,
        ...(labels && { labels }),
      },
      { parent: this, transformations: [drainBeforeStop(at)] },
    );
    Connections.bind(this, new Connections({ ...workload.connections.peer, ports: [CLIENT] }));
    if (replicas > 1) workload.connections.allowTo(workload, { ports: ["cluster"] });
    for (const remote of leafNodes?.remotes ?? []) {
      for (const cidr of remote.cidrs) {
        const why = `It joins the event backbone ${remote.name} of another region.`;
        workload.connections.allowToAddresses(cidr, [Number(new URL(remote.url).port)], why);
      }
    }
    this.#acceptLeafNodes(name, owned, leafNodes?.acceptFrom ?? [], workload.connections.peer.podLabels);
    this.registerOutputs({
      url: this.url,
      credentialsUrl: this.credentialsUrl,
      credentialsSecretNames: this.credentialsSecretNames,
      certificateSecretName: this.certificateSecretName,
      streamReplicas: this.streamReplicas,
    });
  }

  /** Who may use it: `erm.connections.allowTo(backbone)`. */
  get connections(): Connections {
    return Connections.of(this);
  }

  #acceptLeafNodes(
    name: string,
    owned: Parameters<typeof metadata>[1],
    cidrs: string[],
    podLabels: Record<string, string>,
  ): void {
    if (cidrs.length === 0) return;
    const policy = metadata(`${name}-from-leaf-nodes`, owned);
    new k8s.networking.v1.NetworkPolicy(
      policy.name,
      {
        metadata: policy,
        spec: {
          podSelector: { matchLabels: podLabels },
          policyTypes: ["Ingress"],
          ingress: [
            { from: cidrs.map((cidr) => ({ ipBlock: { cidr } })), ports: [{ protocol: "TCP", port: PORTS.leaf }] },
          ],
        },
      },
      { parent: this },
    );
  }
}

/** The arguments as state may see them. */
function withSecrets(args: EventBackboneArgs): EventBackboneArgs {
  const hide = <T extends { password?: pulumi.Input<string> }>(each: T): T =>
    each.password === undefined ? each : { ...each, password: pulumi.secret(each.password) };
  const { accounts, leafNodes } = args;
  return {
    ...args,
    ...(accounts && { accounts: accounts.map(hide) }),
    ...(leafNodes && {
      leafNodes: { ...leafNodes, ...(leafNodes.remotes && { remotes: leafNodes.remotes.map(hide) }) },
    }),
  };
}

function remoteSettings(remote: LeafRemoteArgs, first: string): pulumi.Output<RemoteSettings> {
  return pulumi.output({
    name: remote.name,
    url: remote.url,
    account: remote.account ?? first,
    username: remote.username,
    password: remote.password === undefined ? undefined : pulumi.secret(remote.password),
    credentials: remote.credentialsSecretName !== undefined,
    authority: remote.authoritySecretName !== undefined,
  });
}
