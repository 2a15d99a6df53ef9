import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS } from "../../runtime/exports";
import { refuse } from "../arguments";
import { headlessName } from "../workload/kubernetes/controllers";
import { metadata } from "../metadata";
import { randomPassword } from "../storage/passwords";
import { serverCertificate } from "../storage/tls";
import { Connections } from "../workload/kubernetes/connections";
import { KubernetesWorkload } from "../workload/kubernetes/workload";
import { cacheAlerts } from "./alerts";
import { type CachePasswords, PRIMARY_NAME, secretFiles } from "./config";
import { cachePods, layout, SENTINEL, SERVER } from "./pod";
import { startScript } from "./start";
import { type CacheArgs, CacheEviction, CachePersistence } from "./types";
import { validateCache } from "./validate";

const IMAGE = "docker.io/valkey/valkey:9.1.1";
const EXPORTER_IMAGE = "docker.io/oliver006/redis_exporter:v1.74.0";
const DEFAULT_REQUESTS = { cpuCores: 0.25, memoryBytes: 512 * 1024 ** 2 };

/**
 * A replicated cache that survives the loss of a pod, a node or a zone: one primary and its replicas (Valkey, or Redis), a
 * sentinel beside each, which together promote a replica when the primary is away. Clients ask the sentinels for the primary.
 * Errors: MNO_COMPONENT_ARGS_INVALID with every fault at once.
 */
export class Cache extends pulumi.ComponentResource {
  /** Names of the servers' pods; any of them may be the primary. */
  readonly hosts: pulumi.Output<string[]>;
  /** `redis+sentinel://` or `rediss+sentinel://` URL with user and password, as MNO_CACHE_URL takes it. Secret. */
  readonly url: pulumi.Output<string>;
  /** Password of the user `mno`. Secret. */
  readonly password: pulumi.Output<string>;
  /** Name of the Secret whose keys `url`, `username` and `password` workloads may refer to. */
  readonly credentialsSecretName: pulumi.Output<string>;
  /** Name of the Secret whose key `ca.crt` is the authority of the servers' certificates; empty without TLS. */
  readonly certificateSecretName: pulumi.Output<string>;

  constructor(name: string, args: CacheArgs, opts?: pulumi.ComponentResourceOptions) {
    const { password: given, ...open } = args;
    const secret = given === undefined ? undefined : pulumi.secret(given);
    super("machine-native-ops:index:Cache", name, { ...open, ...(secret && { password: secret }) }, opts);
    refuse("Cache", name, validateCache(name, args));
    const { namespace, tls, replicas = 3, persistence = CachePersistence.None, metrics } = args;
    const labels = args.labels ?? {};
    const protect = args.protect ?? persistence !== CachePersistence.None;
    const domain = pulumi.interpolate`${headlessName(name)}.${namespace}.svc`;
    this.hosts = domain.apply((at) => Array.from({ length: replicas }, (_, index) => `${name}-${index}.${at}`));
    const dnsNames = domain.apply((at) => [`*.${at}`, at, "localhost"]);
    const certificate = serverCertificate({ name, namespace, tls, dnsNames, labels, parent: this });
    const at = layout(certificate !== undefined);
    this.password = secret ?? randomPassword(`${name}-password`, this);
    this.url = pulumi
      .all([this.hosts, this.password])
      .apply(([hosts, password]) => sentinelUrl(hosts, password, certificate !== undefined));
    const passwords: pulumi.Output<CachePasswords> = pulumi.output({
      application: this.password,
      replication: randomPassword(`${name}-replication-password`, this),
      sentinel: randomPassword(`${name}-sentinel-password`, this),
      exporter: randomPassword(`${name}-exporter-password`, this),
    });
    const keep = (suffix: string, stringData: { [key: string]: pulumi.Input<string> }): pulumi.Output<string> => {
      const secret = metadata(`${name}-${suffix}`, { component: name, namespace, labels });
      return new k8s.core.v1.Secret(secret.name, { metadata: secret, stringData }, { parent: this }).metadata.name;
    };
    this.credentialsSecretName = keep("credentials", { url: this.url, username: "mno", password: this.password });
    this.certificateSecretName = pulumi.output(certificate ?? "");
    const requests = pulumi.output(args.requests ?? DEFAULT_REQUESTS);
    const files = pulumi.all([passwords, requests]).apply(([all, { memoryBytes }]) =>
      secretFiles(at, all, {
        persistence,
        eviction: args.eviction ?? CacheEviction.AllKeysLru,
        maxMemoryBytes: Math.floor(memoryBytes * (args.memoryFraction ?? 0.6)),
        minReplicasToWrite: args.minReplicasToWrite ?? 1,
      }),
    );
    const exporter = metrics && {
      image: metrics.image ?? EXPORTER_IMAGE,
      secretName: keep("exporter", { password: passwords.exporter }),
      key: "password",
    };
    const workload = new KubernetesWorkload(
      name,
      {
        ...cachePods({
          namespace,
          image: args.image ?? IMAGE,
          layout: at,
          replicas,
          requests,
          script: this.hosts.apply((hosts) => startScript(hosts, at)),
          secretFiles: files,
          certificate,
          storageBytes: args.storageBytes,
          storageClassName: args.storageClassName,
          exporter,
        }),
        ...(metrics && { alerts: cacheAlerts(name, replicas) }),
        ...(args.mesh !== undefined && { mesh: args.mesh }),
        ...(args.priorityClassName !== undefined && { priorityClassName: args.priorityClassName }),
        ...(tls.offBecause !== undefined && {
          annotations: { [`${KUBERNETES_ANNOTATIONS.optOut}tls`]: tls.offBecause },
        }),
        protect,
        labels,
      },
      { parent: this },
    );
    const connections = new Connections({ ...workload.connections.peer, ports: [SERVER, SENTINEL] });
    Connections.bind(this, connections);
    // Replication, and the sentinels among themselves.
    connections.allowTo(this);
    this.registerOutputs({
      hosts: this.hosts,
      url: this.url,
      password: this.password,
      credentialsSecretName: this.credentialsSecretName,
      certificateSecretName: this.certificateSecretName,
    });
  }

  /** Who may use it: `erm.connections.allowTo(cache)`. */
  get connections(): Connections {
    return Connections.of(this);
  }
}

function sentinelUrl(hosts: readonly string[], password: string, encrypted: boolean): string {
  const sentinels = hosts.map((host) => `${host}:${SENTINEL.port}`).join(",");
  const scheme = encrypted ? "rediss+sentinel" : "redis+sentinel";
  return `${scheme}://mno:${encodeURIComponent(password)}@${sentinels}/${PRIMARY_NAME}`;
}
