import { LOCAL_KIND, localWorkload, type LocalWorkload } from "../../shared/local";
import { kubernetesKind, metadataOf, specOf, type PodSpec } from "../../shared/kubernetes";
import { POD_KINDS, eachContainer, podWorkload } from "../../shared/podspec";
import type { Resource, ResourceRule } from "../../shared/rule";
import { guarded, guardedEach, type Finding } from "../../shared/unknown";

/** The annotation that states why something may be reached from outside its cluster. */
const EXPOSURE_ANNOTATION = "machine-native-ops/exposed-because";

interface ServiceSpec {
  type?: string;
  externalIPs?: readonly string[];
}

const HOST_VARIABLES = ["MNO_HTTP_HOST", "HOST"] as const;
const HOST_FLAG = /^--(host|hostname|listen|bind|address)(?:=(.*))?$/;

export const noOpenListener: ResourceRule = {
  scope: "resource",
  id: "ZT-004",
  name: "no-open-listener",
  title: "Nothing listens to the outside without authentication or a stated intent",
  severity: "high",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "NIST SP 800-207",
      version: "2020",
      clause: "2.1 Tenet 3: access to resources is granted on a per-session basis",
    },
    {
      name: "CWE",
      version: "4.15",
      clause: "CWE-1327 Binding to an Unrestricted IP Address; CWE-306 Missing Authentication",
    },
  ],
  card: {
    rule: "A listener beyond loopback has an API token; a Kubernetes Service or port beyond the cluster says why.",
    why: "Whoever reaches an unauthenticated listener is trusted for where he is, which is what zero trust ends.",
    avoid: "environment: {MNO_HTTP_HOST: '0.0.0.0'} alone; Service type: LoadBalancer without a word",
    prefer:
      "secretEnvironment: {MNO_API_TOKEN: ...} beside it; annotations: {machine-native-ops/exposed-because: 'public API, behind the gateway'}",
  },
  remediation:
    `Listen on 127.0.0.1, or set MNO_API_TOKEN in secretEnvironment. On Kubernetes use type ClusterIP, or state the reason in the ` +
    `annotation ${EXPOSURE_ANNOTATION}.`,
  config: {},
  kinds: [LOCAL_KIND, ...POD_KINDS, "kubernetes:Service"],
  *evaluate(resource) {
    const local = localWorkload(resource);
    if (local) yield* localListeners(local);
    const kind = kubernetesKind(resource.type);
    if (kind === "Service") yield* unlessIntended(resource, () => exposedService(specOf(resource)));
    const workload = podWorkload(resource);
    if (workload) yield* unlessIntended(resource, () => hostPorts(workload.pod));
  },
};

function* localListeners(workload: LocalWorkload): Iterable<Finding> {
  // The token is read last: while it is unknown, only a workload that would need it goes unchecked.
  const open = (where: string, host: string): Finding[] =>
    isLoopback(host) || (workload.secretEnvironment?.["MNO_API_TOKEN"] ?? "") !== ""
      ? []
      : [
          {
            message: `${where} listens on "${host}", beyond loopback, without MNO_API_TOKEN in secretEnvironment; use 127.0.0.1 or set the token.`,
          },
        ];
  for (const variable of HOST_VARIABLES) {
    yield* guarded(undefined, () => {
      // A host put among the secrets opens the same socket.
      const host = workload.secretEnvironment?.[variable] ?? workload.environment?.[variable];
      return host === undefined ? [] : open(variable, host);
    });
  }
  const command = workload.command ?? [];
  yield* guardedEach(command, (argument, index) => {
    const flag = HOST_FLAG.exec(argument);
    return flag ? open(`command[${index}]`, flag[2] ?? command[index + 1] ?? "") : [];
  });
}

/** Whether a listening address keeps to this machine; an optional port is ignored. An empty host means all interfaces. */
function isLoopback(host: string): boolean {
  const bare = host
    .trim()
    .toLowerCase()
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^([^:]+):\d+$/, "$1");
  return bare === "localhost" || bare === "::1" || /^127(\.\d{1,3}){3}$/.test(bare);
}

function* unlessIntended(resource: Resource, faults: () => Iterable<Finding>): Iterable<Finding> {
  const intent = metadataOf(resource).annotations?.[EXPOSURE_ANNOTATION] ?? "";
  if (intent.trim() !== "") return;
  yield* faults();
}

function* exposedService(spec: ServiceSpec): Iterable<Finding> {
  const hint = `use ClusterIP or state the reason in the annotation ${EXPOSURE_ANNOTATION}.`;
  yield* guarded(undefined, function* () {
    if (spec.type === "LoadBalancer" || spec.type === "NodePort") {
      yield { message: `the Service is of type ${spec.type} and reachable from outside the cluster; ${hint}` };
    }
  });
  yield* guarded(undefined, function* () {
    if ((spec.externalIPs?.length ?? 0) > 0) yield { message: `the Service claims externalIPs; ${hint}` };
  });
}

function* hostPorts(pod: PodSpec): Iterable<Finding> {
  yield* eachContainer(pod, (container, path) =>
    guardedEach(container.ports, function* ({ hostPort }) {
      if (hostPort) {
        yield {
          message: `${path} opens hostPort ${hostPort} on its node; use a Service or state the reason in the annotation ${EXPOSURE_ANNOTATION}.`,
        };
      }
    }),
  );
}
