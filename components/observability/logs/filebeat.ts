import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS } from "../../../runtime/exports";
import { API_SERVER_PORTS } from "../../workload/kubernetes/network-policy";
import { nodesNamespaceName, open, podsAnywhere, type Site, siteMetadata, tcp } from "../site";
import type { ExistingElasticsearchArgs, LogCollectionArgs } from "../types";
import { filebeatConfig, lifecyclePolicy, POLICY_FILE } from "./filebeat-config";

/** How ECK labels the pods of a Beat. */
export const FILEBEAT_PODS = { "common.k8s.elastic.co/type": "beat" };

const LOG_FOLDERS = { "log-containers": "/var/log/containers", "log-pods": "/var/log/pods" } as const;

/** Filebeat on every node, writing to the Elasticsearch of the site or to the one that exists. */
export function makeFilebeat(
  site: Site,
  args: LogCollectionArgs,
  version: pulumi.Input<string>,
  dependsOn: pulumi.Resource[],
): void {
  const { parent } = site;
  const namespace = nodesNamespaceName(site);
  const name = `${site.name}-filebeat`;
  const here = siteMetadata(site, "filebeat", { namespace });
  const before = { parent, dependsOn };
  new k8s.core.v1.ServiceAccount(name, { metadata: here, automountServiceAccountToken: false }, before);
  letReadPods(site, name, namespace);
  const lifecycle = new k8s.core.v1.ConfigMap(
    `${name}-lifecycle`,
    {
      metadata: siteMetadata(site, "filebeat-lifecycle", { namespace }),
      data: { "policy.json": JSON.stringify(lifecyclePolicy(args.retentionDays ?? 30)) },
    },
    before,
  );
  const elasticsearchRef =
    args.existing === undefined
      ? { name: site.name, namespace: site.namespace }
      : { secretName: connectionSecret(site, args.existing, namespace, dependsOn) };
  new k8s.apiextensions.CustomResource(
    name,
    {
      apiVersion: "beat.k8s.elastic.co/v1beta1",
      kind: "Beat",
      metadata: {
        ...here,
        annotations: {
          [`${KUBERNETES_ANNOTATIONS.optOut}hostPath`]:
            "it reads the log files of the node's pods, and keeps there how far it read",
          [`${KUBERNETES_ANNOTATIONS.optOut}runAsNonRoot`]:
            "log files of pods belong to root; it has no capability beyond reading them",
        },
      },
      spec: {
        type: "filebeat",
        version,
        elasticsearchRef,
        config: filebeatConfig(),
        daemonSet: {
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "10%" } },
          podTemplate: podTemplate(name, lifecycle.metadata.name),
        },
      },
    },
    before,
  );
  openFilebeat(site, namespace, args.existing);
}

/** What ECK reads to reach an Elasticsearch that it did not make. */
function connectionSecret(
  site: Site,
  { url, username, password, caCertificate }: ExistingElasticsearchArgs,
  namespace: string,
  dependsOn: pulumi.Resource[],
): pulumi.Output<string> {
  const data = { url, username, password, ...(caCertificate === undefined ? {} : { "ca.crt": caCertificate }) };
  return new k8s.core.v1.Secret(
    `${site.name}-elasticsearch`,
    { metadata: siteMetadata(site, "elasticsearch", { namespace }), stringData: pulumi.secret(data) },
    { parent: site.parent, dependsOn },
  ).metadata.name;
}

function letReadPods(site: Site, name: string, namespace: string): void {
  const metadata = siteMetadata(site, "filebeat");
  const verbs = ["get", "list", "watch"];
  new k8s.rbac.v1.ClusterRole(
    name,
    {
      metadata,
      rules: [
        { apiGroups: [""], resources: ["pods", "namespaces", "nodes"], verbs },
        { apiGroups: ["apps"], resources: ["replicasets"], verbs },
        { apiGroups: ["batch"], resources: ["jobs"], verbs },
      ],
    },
    { parent: site.parent },
  );
  new k8s.rbac.v1.ClusterRoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    { parent: site.parent },
  );
}

function podTemplate(serviceAccountName: string, lifecycleName: pulumi.Input<string>): object {
  const folder = POLICY_FILE.slice(0, POLICY_FILE.lastIndexOf("/"));
  return {
    spec: {
      serviceAccountName,
      automountServiceAccountToken: true,
      terminationGracePeriodSeconds: 30,
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      // The logs of nodes that run nothing else are wanted as well.
      tolerations: [{ operator: "Exists", effect: "NoSchedule" }],
      containers: [
        {
          name: "filebeat",
          env: [{ name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
          securityContext: {
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          resources: { requests: { cpu: "100m", memory: "384Mi" }, limits: { memory: "384Mi" } },
          volumeMounts: [
            ...Object.entries(LOG_FOLDERS).map(([name, mountPath]) => ({ name, mountPath, readOnly: true })),
            { name: "lifecycle", mountPath: folder, readOnly: true },
          ],
        },
      ],
      volumes: [
        ...Object.entries(LOG_FOLDERS).map(([name, path]) => ({ name, hostPath: { path, type: "Directory" } })),
        { name: "lifecycle", configMap: { name: lifecycleName } },
      ],
    },
  };
}

function openFilebeat(site: Site, namespace: string, existing: ExistingElasticsearchArgs | undefined): void {
  const port = existing === undefined ? 9200 : pulumi.output(existing.url).apply(portOfUrl);
  const elsewhere = { ipBlock: { cidr: "0.0.0.0/0", except: ["169.254.169.254/32"] } };
  open(site, {
    suffix: "filebeat",
    namespace,
    pods: FILEBEAT_PODS,
    ingress: [],
    egress: [
      existing === undefined
        ? { to: [podsAnywhere({ "elasticsearch.k8s.elastic.co/cluster-name": site.name })], ports: tcp(9200) }
        : { to: [podsAnywhere(), elsewhere], ports: [{ protocol: "TCP", port }] },
    ],
    addressPorts: API_SERVER_PORTS,
  });
}

function portOfUrl(url: string): number {
  const { port } = new URL(url);
  return port === "" ? 443 : Number(port);
}
