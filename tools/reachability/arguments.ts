import { parseArgs } from "node:util";
import { MnoError } from "../../runtime/exports";
import { DEFAULT_SETTINGS } from "./evaluate";
import type { MeshSettings } from "./mesh-layer";

export interface ReachabilityOptions {
  paths: string[];
  json: boolean;
  golden?: string;
  update: boolean;
  help: boolean;
  settings: MeshSettings;
}

const POLICIES = [
  "all-unauthenticated",
  "all-authenticated",
  "cluster-unauthenticated",
  "cluster-authenticated",
  "deny",
  "audit",
];

export const USAGE = `Usage: npm run reachability -- DIR|FILE… [--json] [--golden FILE [--update]]

Says for every pair of workloads in rendered manifests whether one may reach the other, on which ports, and by which rule:
NetworkPolicies on both sides, then Istio's or Linkerd's authorization. Nothing is connected.
  --json                    the whole result as JSON
  --golden FILE             compare with FILE and print what differs
  --update                  write FILE instead
  --root-namespace NAME     Istio's root namespace (default ${DEFAULT_SETTINGS.istio.rootNamespace})
  --trust-domain NAME       of Istio's and Linkerd's identities (default ${DEFAULT_SETTINGS.istio.trustDomain})
  --linkerd-default POLICY  proxy.defaultInboundPolicy (default ${DEFAULT_SETTINGS.linkerd.defaultInboundPolicy})
  --help                    this text
Exit code: 0; 1 when the golden file differs or a manifest is not valid; 2 for a bad option.`;

/** Errors: MNO_COMMAND_LINE_INVALID with the usage. */
export function readArguments(argv: readonly string[]): ReachabilityOptions {
  const { values, positionals } = parse(argv);
  const policy = values["linkerd-default"] ?? DEFAULT_SETTINGS.linkerd.defaultInboundPolicy;
  const trustDomain = values["trust-domain"] ?? DEFAULT_SETTINGS.istio.trustDomain;
  const rootNamespace = values["root-namespace"] ?? DEFAULT_SETTINGS.istio.rootNamespace;
  if (!values.help && positionals.length === 0) throw usageError("name at least one folder or file of manifests");
  if (values.update && values.golden === undefined) throw usageError("--update needs --golden FILE");
  if (!POLICIES.includes(policy)) {
    throw usageError(`--linkerd-default must be one of ${POLICIES.join(", ")}; it is "${policy}"`);
  }
  return {
    paths: positionals,
    json: values.json,
    update: values.update,
    help: values.help,
    settings: { istio: { rootNamespace, trustDomain }, linkerd: { trustDomain, defaultInboundPolicy: policy } },
    ...(values.golden === undefined ? {} : { golden: values.golden }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "boolean", default: false },
        golden: { type: "string" },
        update: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
        "root-namespace": { type: "string" },
        "trust-domain": { type: "string" },
        "linkerd-default": { type: "string" },
      },
    });
  } catch (error) {
    throw usageError((error as Error).message);
  }
}

function usageError(detail: string): MnoError {
  return new MnoError("MNO_COMMAND_LINE_INVALID", `${detail}\n\n${USAGE}`);
}
