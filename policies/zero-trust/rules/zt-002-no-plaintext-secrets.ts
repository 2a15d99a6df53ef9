import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { kubernetesKind, type Container } from "../../shared/kubernetes";
import { POD_KINDS, eachContainer, podWorkload } from "../../shared/podspec";
import type { ResourceRule } from "../../shared/rule";
import { guarded, guardedEach, guardedEntries, type Finding } from "../../shared/unknown";
import { secretReason, tokenReason } from "../secrets";

interface Config {
  /** Variable names whose values are public although they look secret. */
  publicNames: string[];
}

export const noPlaintextSecrets: ResourceRule<Config> = {
  scope: "resource",
  id: "ZT-002",
  name: "no-plaintext-secrets",
  title: "No secret in plaintext configuration",
  severity: "critical",
  enforcement: "mandatory",
  frameworks: [
    {
      name: "NIST SP 800-53",
      version: "Rev. 5",
      clause: "IA-5(7) Authenticator Management | No Embedded Unencrypted Static Authenticators",
    },
    {
      name: "CWE",
      version: "4.15",
      clause: "CWE-526 Cleartext Storage of Sensitive Information in an Environment Variable",
    },
  ],
  card: {
    rule: "Secrets travel as secretEnvironment or secretKeyRef, never in environment, ConfigMaps or arguments.",
    why: "Plain configuration is returned by reads, shown in diffs and process lists, and copied into every log and backup.",
    avoid: "environment: {DB_PASSWORD: ...}; env: [{name: API_KEY, value: ...}]",
    prefer: "secretEnvironment: {DB_PASSWORD: config.requireSecret(...)}; valueFrom: {secretKeyRef: {name, key}}",
  },
  remediation:
    "Move the value to secretEnvironment (local) or a Secret read with valueFrom.secretKeyRef (Kubernetes), and rotate it: " +
    "what stood in plaintext must count as known. A Pulumi secret is not enough here, it only encrypts Pulumi's own state.",
  config: {
    publicNames: {
      type: "array",
      items: { type: "string" },
      default: [],
      description: "Variable names whose values are public although they look like secrets.",
    },
  },
  kinds: [LOCAL_KIND, ...POD_KINDS, "kubernetes:ConfigMap"],
  *evaluate(resource, { config }) {
    const plain = (place: string, target: string) =>
      function* (name: string, value: unknown): Iterable<Finding> {
        if (config.publicNames.includes(name) || typeof value !== "string") return;
        const reason = secretReason(name, value);
        if (reason) yield { message: `${place} ${name} looks like a secret: ${reason}. Move it to ${target}.` };
      };

    const local = localWorkload(resource);
    if (local) {
      yield* guardedEntries(local.environment, plain("environment variable", "secretEnvironment"));
      yield* guarded(undefined, () => secretArguments("command", local.command));
    }
    if (kubernetesKind(resource.type) === "ConfigMap") {
      yield* guardedEntries(
        resource.props["data"] as Record<string, unknown> | undefined,
        plain("ConfigMap key", "a Secret"),
      );
    }
    const workload = podWorkload(resource);
    if (workload) {
      yield* eachContainer(workload.pod, (container, path) =>
        containerSecrets(container, path, plain(`${path} environment variable`, "valueFrom.secretKeyRef")),
      );
    }
  },
};

function* containerSecrets(
  container: Container,
  path: string,
  plain: (name: string, value: unknown) => Iterable<Finding>,
): Iterable<Finding> {
  yield* guardedEach(container.env, ({ name, value }) => plain(name, value));
  for (const field of ["command", "args"] as const) {
    yield* guarded(undefined, () => secretArguments(`${path} ${field}`, container[field]));
  }
}

function* secretArguments(place: string, list: readonly string[] | undefined): Iterable<Finding> {
  yield* guardedEach(list, function* (argument, index) {
    const flag = /^--?([A-Za-z][\w-]*)=(.+)$/.exec(argument);
    const reason = flag ? secretReason(flag[1]!, flag[2]!) : tokenReason(argument);
    if (reason) {
      yield {
        message: `${place}[${index}] looks like a secret: ${reason}. Every process on the machine can read arguments.`,
      };
    }
  });
}
