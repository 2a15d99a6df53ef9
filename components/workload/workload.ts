import * as pulumi from "@pulumi/pulumi";
import { KUBERNETES_ANNOTATIONS, MnoError, validateWorkload, type WorkloadSpec } from "../../runtime/exports";
import { greenAnnotations, greenFaults } from "./green";
import { isPlain } from "./inputs";
import { WorkloadResource } from "./local/resources";
import type { WorkloadArgs } from "./types";

/**
 * One service or job. On a local cluster it becomes supervised processes of this machine: probed, restarted with back-off,
 * rolled when it changes, scaled by hand or by the autoscaler.
 */
export class Workload extends pulumi.ComponentResource {
  /** The workload's name on its cluster. */
  readonly workloadName: pulumi.Output<string>;
  /** Port name -> `host:port` that clients use. */
  readonly endpoints: pulumi.Output<{ [name: string]: string }>;
  /** `http://host:port` of the first port; empty without ports. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("machine-native-ops:index:Workload", name, args, opts);
    // What is known now is refused now, at the caller's own line; the rest when its values are known. The cluster's URL,
    // unknown in a first preview, and the secrets, which would make all of the spec secret, are kept apart: previews then
    // show, and policies judge, what remains.
    const { cluster, secretEnvironment, ...own } = args;
    if (isPlain(own)) toSpec(name, own as pulumi.Unwrap<typeof own>, name);
    const spec = pulumi.all([pulumi.output(own), this.urn]).apply(([plain, urn]) => toSpec(name, plain, urn));
    const secrets = secretEnvironment === undefined ? {} : { secretEnvironment: pulumi.secret(secretEnvironment) };
    const resource = new WorkloadResource(name, { cluster, spec, ...secrets }, { parent: this });
    this.workloadName = spec.apply((s) => s.name);
    this.endpoints = resource.endpoints;
    this.url = pulumi
      .all([resource.endpoints, spec])
      .apply(([endpoints, s]) => httpUrl(endpoints[s.ports?.[0]?.name ?? ""]));
    this.registerOutputs({ workloadName: this.workloadName, endpoints: this.endpoints, url: this.url });
  }
}

function httpUrl(address: string | undefined): string {
  return address === undefined ? "" : `http://${address}`;
}

/** Errors: MNO_COMPONENT_ARGS_INVALID with every fault at once. */
function toSpec(
  name: string,
  args: pulumi.Unwrap<Omit<WorkloadArgs, "cluster" | "secretEnvironment">>,
  owner: string,
): WorkloadSpec {
  if (args.command === undefined) {
    const why = args.image === undefined ? "is required" : "is required on a local cluster, which runs no images";
    throw argsInvalid(name, [{ field: "command", message: why }]);
  }
  const { workingDirectory, image: _image, kind, replicas, admission, green, ...same } = args;
  const spec: WorkloadSpec = {
    ...same,
    name,
    owner,
    command: args.command,
    kind: kind ?? "service",
    replicas: replicas ?? 1,
    ...(workingDirectory === undefined ? {} : { cwd: workingDirectory }),
    ...(admission === undefined ? {} : { annotations: { [KUBERNETES_ANNOTATIONS.admission]: admission } }),
    ...(green === undefined ? {} : { annotations: greenAnnotations(green) }),
  };
  const faults = [...validateWorkload(spec), ...greenFaults(green, admission)];
  if (faults.length > 0) throw argsInvalid(name, faults);
  return JSON.parse(JSON.stringify(spec)) as WorkloadSpec; // leaves out what was given as undefined
}

function argsInvalid(name: string, faults: { field: string; message: string }[]): MnoError {
  const text = faults.map((fault) => `${fault.field} ${fault.message}`).join("; ");
  return new MnoError("MNO_COMPONENT_ARGS_INVALID", `MNO_COMPONENT_ARGS_INVALID: Workload "${name}": ${text}`, {
    faults,
  });
}
