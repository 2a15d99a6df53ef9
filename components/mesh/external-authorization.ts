import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { faultsOf, refuse } from "../arguments";
import { BECAUSE, metadata } from "../metadata";
import { known } from "../workload/inputs";
import { MeshKind } from "./kinds";

/** Paths that are served without a decision. */
export interface UndecidedPathsArgs {
  /** Whole paths, or a beginning followed by an asterisk: `/public/*`. */
  paths: string[];
  /** Why nobody needs to be asked, for whoever reviews it. */
  because: string;
}

export interface ExternalAuthorizationArgs {
  /** The mesh. Default `istio-ambient`, where the Service must use a waypoint. */
  kind?: MeshKind;
  /** Namespace of the Service, or of the pods. */
  namespace: pulumi.Input<string>;
  /** Name of the Service whose requests are decided upon. On istio-ambient. */
  service?: pulumi.Input<string>;
  /** Labels of the pods whose requests are decided upon. On istio-sidecar. */
  podLabels?: { [name: string]: string };
  /** Who is asked: output `authorizer` of the ServiceMesh, whose configuration must know it. */
  authorizer: pulumi.Input<string>;
  /** What is served without a decision. Default: nothing. */
  undecided?: UndecidedPathsArgs;
  /** Labels of every object. */
  labels?: pulumi.Input<{ [name: string]: pulumi.Input<string> }>;
}

/**
 * Has the mesh ask the zero-trust gateway about every request to a Service (Envoy's ext_authz), after it has checked who calls
 * and before anything else; without an answer the request is refused. What the mesh's own rules deny stays denied.
 */
export class ExternalAuthorization extends pulumi.ComponentResource {
  /** Name of the mesh's extension provider that is asked. */
  readonly provider: pulumi.Output<string>;

  constructor(name: string, args: ExternalAuthorizationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:ExternalAuthorization", name, args, opts);
    refuse("ExternalAuthorization", name, validateExternalAuthorization(args));
    const { namespace, service, podLabels, undecided, labels } = args;
    const provider = pulumi.output(args.authorizer).apply((authorizer) => {
      refuse("ExternalAuthorization", name, validateAuthorizer(authorizer));
      return authorizer;
    });
    const target =
      service === undefined
        ? { selector: { matchLabels: podLabels } }
        : { targetRefs: [{ group: "", kind: "Service", name: service }] };
    new k8s.apiextensions.CustomResource(
      `${name}-decisions`,
      {
        apiVersion: "security.istio.io/v1",
        kind: "AuthorizationPolicy",
        metadata: metadata(name, {
          namespace,
          labels,
          ...(undecided && { annotations: { [BECAUSE]: undecided.because } }),
        }),
        spec: {
          ...target,
          action: "CUSTOM",
          provider: { name: provider },
          rules: [undecided ? { to: [{ operation: { notPaths: undecided.paths } }] } : {}],
        },
      },
      { parent: this },
    );
    this.provider = provider;
    this.registerOutputs({ provider });
  }
}

/** A policy that names a provider unknown to the mesh denies every request, and says why nowhere but in a proxy's log. */
function validateAuthorizer(authorizer: string): FieldFault[] {
  return faultsOf([[authorizer === "", "authorizer", "is empty: give the ServiceMesh its `authorizer` first"]]);
}

/** Faults of the arguments; each message says what would be right. */
export function validateExternalAuthorization(args: ExternalAuthorizationArgs): FieldFault[] {
  const { kind = MeshKind.IstioAmbient, service, podLabels, undecided } = args;
  const ambient = kind === MeshKind.IstioAmbient;
  const faults = faultsOf([
    [
      kind === MeshKind.None || kind === MeshKind.Linkerd,
      "kind",
      `is ${kind}, which asks nobody about requests: route the Service through the gateway itself, or use istio-ambient or istio-sidecar`,
    ],
    [ambient && known(service) === "", "service", "must name the Service"],
    [ambient && service === undefined, "service", "is required on istio-ambient: its waypoint judges by Service"],
    [ambient && podLabels !== undefined, "podLabels", "are for istio-sidecar; on istio-ambient name the Service"],
    [
      !ambient && Object.keys(podLabels ?? {}).length === 0,
      "podLabels",
      "are required on istio-sidecar: without them every pod of the namespace would be meant",
    ],
    [!ambient && service !== undefined, "service", "is for istio-ambient; on istio-sidecar give the pods' labels"],
    [undecided?.paths.length === 0, "undecided.paths", "must name at least one path; leave `undecided` out for none"],
    ...(undecided?.paths ?? []).map(
      (path, index) =>
        [
          !/^\/[^*]*\*?$/.test(path) || path === "/*",
          `undecided.paths[${String(index)}]`,
          `is "${path}"; it must begin with / and may end with *, but not be everything`,
        ] as const,
    ),
    [undecided?.because.trim() === "", "undecided.because", "must say why nobody needs to be asked"],
  ]);
  // An output is judged once it is known.
  return [...faults, ...validateAuthorizer(known(args.authorizer) ?? "still to come")];
}
