import { LOCAL_KIND, localWorkload } from "../../shared/local";
import { POD_KINDS, eachContainer, podWorkload } from "../../shared/podspec";
import type { ResourceRule } from "../../shared/rule";
import type { Finding } from "../../shared/unknown";
import { inlineCodeFlag, shellIn } from "../argv";

interface Config {
  /** Programs that may be named without a path. */
  programs: string[];
}

const DIGEST = /@sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/;

export const pinnedPrograms: ResourceRule<Config> = {
  scope: "resource",
  id: "ZT-003",
  name: "pinned-programs",
  title: "What runs is named exactly",
  severity: "high",
  enforcement: "mandatory",
  frameworks: [
    { name: "NIST SP 800-53", version: "Rev. 5", clause: "SI-7 Software, Firmware, and Information Integrity" },
    { name: "CWE", version: "4.15", clause: "CWE-78 OS Command Injection; CWE-426 Untrusted Search Path" },
  ],
  card: {
    rule: "Images are pinned by digest; local commands name a program by absolute path, without a shell or inline code.",
    why: "A tag can be moved and a search path can be planted; a shell turns any argument into a program.",
    avoid: "image: nginx:latest; command: [sh, -c, 'node server.js $ARGS']",
    prefer: "image: registry.example/app:1.4.2@sha256:...; command: [process.execPath, /opt/app/server.js]",
  },
  remediation:
    "Resolve the tag once (`crane digest IMAGE`) and deploy IMAGE@sha256:...; for local workloads give the program's " +
    "absolute path and each argument as its own element of `command`.",
  config: {
    programs: {
      type: "array",
      items: { type: "string", pattern: "^[^/]+$" },
      default: ["node"],
      description: "Programs of local workloads that may be named without a path.",
    },
  },
  kinds: [LOCAL_KIND, ...POD_KINDS],
  *evaluate(resource, { config }) {
    const local = localWorkload(resource);
    if (local) yield* commandFaults(local.command ?? [], config.programs);
    const workload = podWorkload(resource);
    if (workload) yield* eachContainer(workload.pod, (container, path) => imageFaults(container.image, path));
  },
};

function* commandFaults(command: readonly string[], programs: readonly string[]): Iterable<Finding> {
  const [program] = command;
  if (program === undefined) {
    yield { message: "command is empty; name the program by its absolute path." };
    return;
  }
  const shell = shellIn(command);
  const flag = inlineCodeFlag(command);
  if (shell) yield { message: `the command starts the shell ${shell}; name the program and its arguments instead.` };
  if (flag)
    yield { message: `the command runs code from its argument ${flag}; put the code in a file and name the file.` };
  const absolute = program.startsWith("/") || /^[A-Za-z]:[\\/]/.test(program);
  if (!absolute && !programs.includes(program)) {
    yield {
      message: `the program ${program} is looked up when it starts; give its absolute path or one of: ${programs.join(", ")}.`,
    };
  }
}

function* imageFaults(image: string | undefined, path: string): Iterable<Finding> {
  if (image === undefined || image === "") {
    yield { message: `${path} names no image.` };
    return;
  }
  const [reference = ""] = image.split("@");
  if (!DIGEST.test(image))
    yield { message: `${path} runs ${image}, which is not pinned; add its digest: ${reference}@sha256:...` };
  if (/:latest$/.test(reference)) yield { message: `${path} runs ${reference}; name the version instead of latest.` };
}
