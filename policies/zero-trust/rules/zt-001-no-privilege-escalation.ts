import { LOCAL_KIND, localWorkload } from "../../shared/local";
import type { Container, PodSpec } from "../../shared/kubernetes";
import { POD_KINDS, eachContainer, podWorkload } from "../../shared/podspec";
import type { ResourceRule } from "../../shared/rule";
import { guarded, type Finding } from "../../shared/unknown";
import { programName } from "../argv";

/** Programs that change user, capabilities or namespaces: on one machine they are what a privileged pod is in a cluster. */
const ESCALATORS = new Set([
  "sudo",
  "su",
  "doas",
  "pkexec",
  "runuser",
  "setpriv",
  "nsenter",
  "unshare",
  "chroot",
  "capsh",
]);
const HOST_NAMESPACES = ["hostPID", "hostIPC", "hostNetwork"] as const;

export const noPrivilegeEscalation: ResourceRule = {
  scope: "resource",
  id: "ZT-001",
  name: "no-privilege-escalation",
  title: "Workloads run without a way to more privilege",
  severity: "critical",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "Kubernetes Pod Security Standards",
      version: "v1.36",
      clause: "Baseline: Privileged Containers, Host Namespaces; Restricted: Privilege Escalation",
    },
    { name: "NIST SP 800-53", version: "Rev. 5", clause: "AC-6 Least Privilege" },
  ],
  card: {
    rule: "No privileged container, no privilege escalation, no host namespace, no sudo-like program.",
    why: "A process that can become root on its node owns every other workload there, whatever the network allows.",
    avoid: "securityContext.privileged: true; hostNetwork: true; command: [sudo, node, server.js]",
    prefer: "securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}",
  },
  remediation:
    "Set securityContext.allowPrivilegeEscalation: false on every container and remove privileged, hostPID, hostIPC and hostNetwork. " +
    "Start local programs directly, as the user that runs the platform.",
  config: {},
  kinds: [LOCAL_KIND, ...POD_KINDS],
  *evaluate(resource) {
    const local = localWorkload(resource);
    if (local) yield* escalators(local.command ?? []);
    const workload = podWorkload(resource);
    if (!workload) return;
    yield* hostNamespaces(workload.pod);
    yield* eachContainer(workload.pod, containerFaults);
  },
};

function* escalators(command: readonly string[]): Iterable<Finding> {
  for (const argument of command) {
    // Only whole arguments count: `node server.js su` is odd, `env sudo node` is an escalation; both deserve the question.
    if (!ESCALATORS.has(programName(argument))) continue;
    yield { message: `the command uses ${programName(argument)}; start the program itself, without a change of user.` };
    return;
  }
}

function* hostNamespaces(pod: PodSpec): Iterable<Finding> {
  for (const field of HOST_NAMESPACES) {
    yield* guarded(undefined, function* () {
      if (pod[field] === true) yield { message: `${field} is true; the pod must stay in its own namespaces.` };
    });
  }
}

function* containerFaults(container: Container, path: string): Iterable<Finding> {
  const context = container.securityContext ?? {};
  yield* guarded(undefined, function* () {
    if (context.privileged === true) yield { message: `${path} is privileged; remove securityContext.privileged.` };
  });
  yield* guarded(undefined, function* () {
    if (context.allowPrivilegeEscalation !== false) {
      yield {
        message: `${path} must set securityContext.allowPrivilegeEscalation: false (Kubernetes defaults to true).`,
      };
    }
  });
}
