import type { Crd } from "../../components/crds/read-crds";

/** Marks a definition that takes anything: what the API server accepted by it was not checked against the vendor's schema. */
export const STUB_LABEL = "machine-native-ops/stub-crd";

interface StubGroup {
  group: string;
  /** `version: kinds`; the first version is stored. */
  kinds: Readonly<Record<string, readonly string[]>>;
}

/** Kinds whose vendors publish no Go module that the proxy serves; for tests only, to exercise order and server-side apply. */
export const STUB_SETS = {
  "cloudnative-pg": [
    {
      group: "postgresql.cnpg.io",
      kinds: {
        v1: [
          ...["Backup", "Cluster", "ClusterImageCatalog", "Database", "DatabaseRole", "FailoverQuorum", "ImageCatalog"],
          ...["Pooler", "Publication", "ScheduledBackup", "Subscription"],
        ],
      },
    },
  ],
  "opentelemetry-operator": [
    {
      group: "opentelemetry.io",
      kinds: { v1beta1: ["OpenTelemetryCollector"], v1alpha1: ["Instrumentation", "OpAMPBridge", "TargetAllocator"] },
    },
  ],
  linkerd: [
    {
      group: "policy.linkerd.io",
      kinds: {
        v1beta3: ["Server"],
        v1alpha1: ["AuthorizationPolicy", "EgressNetwork", "MeshTLSAuthentication", "NetworkAuthentication"],
      },
    },
  ],
} as const satisfies Record<string, readonly StubGroup[]>;

export type StubSetName = keyof typeof STUB_SETS;

/** Cluster-wide kinds; all others live in namespaces. */
const CLUSTER_SCOPED = new Set(["ClusterImageCatalog"]);

/** Definitions of the right names, groups and versions that take any `spec`, with a status of its own. */
export function stubCrds(set: StubSetName): Crd[] {
  const groups: readonly StubGroup[] = STUB_SETS[set];
  return groups.flatMap(({ group, kinds }) =>
    Object.entries(kinds).flatMap(([version, names]) => names.map((kind) => stub(group, version, kind))),
  );
}

function stub(group: string, version: string, kind: string): Crd {
  const singular = kind.toLowerCase();
  const plural = `${singular.replace(/y$/, "ie")}s`;
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${group}`, labels: { [STUB_LABEL]: "true" } },
    spec: {
      group,
      scope: CLUSTER_SCOPED.has(kind) ? "Cluster" : "Namespaced",
      names: { kind, listKind: `${kind}List`, plural, singular },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: "object", properties: { spec: open, status: open } } },
        },
      ],
    },
  };
}
