import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { API_SERVER_PORTS } from "../../workload/kubernetes/network-policy";
import { installChart, type VendorChart } from "../chart";
import { ECK_OPERATOR } from "../images";
import { GATEWAY_PODS, nodesNamespaceName, open, podsIn, type Site, siteMetadata, tcp } from "../site";
import type { LogCollectionArgs } from "../types";
import type { Values } from "../values";
import { FILEBEAT_PODS } from "./filebeat";

const ECK: VendorChart = { chart: "eck-operator", repository: "https://helm.elastic.co", version: "3.5.0" };

/** Version of the Elastic Stack that these objects were written for. */
export const STACK_VERSION = "9.4.3";

const OPERATOR_PODS = { "app.kubernetes.io/name": "elastic-operator" };
const ELASTICSEARCH_HTTP = 9200;
const ELASTICSEARCH_TRANSPORT = 9300;
const KIBANA_HTTP = 5601;

const POD_SECURITY = { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } };
const CONTAINER_SECURITY = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };

/** The URL under which the installed Elasticsearch answers. */
export function elasticsearchUrl({ name, namespace }: Site): pulumi.Output<string> {
  return pulumi.interpolate`https://${name}-es-http.${namespace}.svc:${ELASTICSEARCH_HTTP}`;
}

/** The operator, which makes pods of the other objects. */
export function installOperator(site: Site, { operatorChart }: LogCollectionArgs): pulumi.Resource {
  const { name, namespace, parent, wait } = site;
  const { registry, repository, tag, digest } = ECK_OPERATOR;
  const values: Values = {
    installCRDs: false,
    // The operator checks the same itself; without a webhook nothing waits for it while it is away.
    webhook: { enabled: false },
    fullnameOverride: `${name}-elastic-operator`,
    image: { repository: `${registry}/${repository}`, tag, digest: `sha256:${digest}` },
    podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    resources: { requests: { cpu: "100m", memory: "512Mi" }, limits: { memory: "512Mi" } },
  };
  open(site, {
    suffix: "elastic-operator",
    pods: OPERATOR_PODS,
    ingress: [],
    egress: [{ to: [podsIn(namespace, elasticsearchPods(site))], ports: tcp(ELASTICSEARCH_HTTP) }],
    addressPorts: API_SERVER_PORTS,
  });
  const release = `${name}-elastic-operator`;
  return installChart(ECK, operatorChart, { name: release, release, namespace, values, wait }, { parent });
}

/** Elasticsearch over the zones, and Kibana beside it. */
export function makeElasticsearch(
  site: Site,
  args: LogCollectionArgs,
  dependsOn: pulumi.Resource[],
): pulumi.Resource[] {
  const { name, namespace, parent } = site;
  const { version = STACK_VERSION, protect = true } = args;
  const elasticsearch = new k8s.apiextensions.CustomResource(
    `${name}-elasticsearch`,
    {
      apiVersion: "elasticsearch.k8s.elastic.co/v1",
      kind: "Elasticsearch",
      metadata: { ...siteMetadata(site, "elasticsearch", { namespace }), name },
      spec: {
        version,
        volumeClaimDeletePolicy: protect ? "DeleteOnScaledownOnly" : "DeleteOnScaledownAndClusterDeletion",
        nodeSets: [nodeSet(args)],
      },
    },
    { parent, dependsOn, protect },
  );
  openElasticsearch(site);
  if (args.kibana === false) return [elasticsearch];
  const kibana = new k8s.apiextensions.CustomResource(
    `${name}-kibana`,
    {
      apiVersion: "kibana.k8s.elastic.co/v1",
      kind: "Kibana",
      metadata: { ...siteMetadata(site, "kibana", { namespace }), name },
      spec: {
        version,
        count: 1,
        elasticsearchRef: { name },
        podTemplate: pod("kibana", "200m", 1024 ** 3),
      },
    },
    { parent, dependsOn: [elasticsearch] },
  );
  openKibana(site);
  return [elasticsearch, kibana];
}

function nodeSet({ nodes = 3, storageBytes, storageClassName, memoryBytes, memoryMapping }: LogCollectionArgs): object {
  return {
    name: "default",
    count: nodes,
    // Copies of a shard stand in different zones.
    ...(nodes > 1 ? { zoneAwareness: {} } : {}),
    // Memory mapping needs a setting of the node, which only a privileged container could make.
    config: memoryMapping === true ? {} : { "node.store.allow_mmap": false },
    podTemplate: pod("elasticsearch", "500m", memoryBytes ?? 4 * 1024 ** 3),
    volumeClaimTemplates: [
      {
        metadata: { name: "elasticsearch-data" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          ...(storageClassName === undefined ? {} : { storageClassName }),
          resources: { requests: { storage: String(storageBytes ?? 100 * 1024 ** 3) } },
        },
      },
    ],
  };
}

function pod(container: string, cpu: string, memoryBytes: number): object {
  const memory = String(memoryBytes);
  return {
    spec: {
      automountServiceAccountToken: false,
      securityContext: POD_SECURITY,
      containers: [
        {
          name: container,
          securityContext: CONTAINER_SECURITY,
          resources: { requests: { cpu, memory }, limits: { memory } },
        },
      ],
    },
  };
}

function elasticsearchPods({ name }: Site): Record<string, string> {
  return { "elasticsearch.k8s.elastic.co/cluster-name": name };
}

function kibanaPods({ name }: Site): Record<string, string> {
  return { "kibana.k8s.elastic.co/name": name };
}

function openElasticsearch(site: Site): void {
  const { namespace } = site;
  const own = podsIn(namespace, elasticsearchPods(site));
  const callers = [
    own,
    podsIn(namespace, kibanaPods(site)),
    podsIn(namespace, OPERATOR_PODS),
    podsIn(nodesNamespaceName(site), FILEBEAT_PODS),
  ];
  open(site, {
    suffix: "elasticsearch",
    pods: elasticsearchPods(site),
    ingress: [
      { from: callers, ports: tcp(ELASTICSEARCH_HTTP) },
      { from: [own], ports: tcp(ELASTICSEARCH_TRANSPORT) },
    ],
    egress: [{ to: [own], ports: tcp(ELASTICSEARCH_HTTP, ELASTICSEARCH_TRANSPORT) }],
  });
}

function openKibana(site: Site): void {
  const { namespace } = site;
  open(site, {
    suffix: "kibana",
    pods: kibanaPods(site),
    ingress: [{ from: [GATEWAY_PODS], ports: tcp(KIBANA_HTTP) }],
    egress: [{ to: [podsIn(namespace, elasticsearchPods(site))], ports: tcp(ELASTICSEARCH_HTTP) }],
  });
}
