import Ajv from "ajv";
import { isIP } from "node:net";
import { type FieldFault, MnoError } from "../../exports";
import { schemaFault } from "../../kernel/http/schema-fault";
import { createPolicy } from "./policies";
import { UpstreamSpec } from "./spec";

const validate = new Ajv({ allErrors: true, useDefaults: true, strict: false }).compile<UpstreamSpec>(UpstreamSpec);

/**
 * The upstream with every default filled in; the input stays as it is. Errors: MNO_UPSTREAM_INVALID with all faults at once, by
 * JSON pointer.
 */
export function validateUpstream(input: unknown): UpstreamSpec {
  const spec: unknown = structuredClone(input);
  if (!validate(spec)) {
    throw invalid((validate.errors ?? []).map((error) => schemaFault(error.instancePath, error)));
  }
  const faults = [...duplicates(spec), ...contradictions(spec), ...policyFaults(spec)];
  if (faults.length > 0) throw invalid(faults);
  return spec;
}

function invalid(faults: FieldFault[]): MnoError {
  const text = faults.map(({ field, message }) => `${field} ${message}`).join("; ");
  return new MnoError("MNO_UPSTREAM_INVALID", `The upstream is not valid: ${text}`, { faults });
}

function duplicates({ endpoints, workloads }: UpstreamSpec): FieldFault[] {
  const repeated = (values: readonly string[], field: (index: number) => string, what: string): FieldFault[] =>
    values.flatMap((value, index) =>
      values.indexOf(value) < index ? [{ field: field(index), message: `repeats ${what} ${value}` }] : [],
    );
  return [
    ...repeated(
      endpoints.map(({ id }) => id),
      (index) => `/endpoints/${String(index)}/id`,
      "the id",
    ),
    ...repeated(
      workloads.map(({ name }) => name),
      (index) => `/workloads/${String(index)}/name`,
      "the workload",
    ),
  ];
}

function contradictions({ endpoints, hashOn, wake, workloads, tls, global }: UpstreamSpec): FieldFault[] {
  const faults: FieldFault[] = [];
  for (const [index, { address }] of endpoints.entries()) {
    const port = Number(address.slice(address.lastIndexOf(":") + 1));
    if (port < 1 || port > 65_535) {
      faults.push({ field: `/endpoints/${String(index)}/address`, message: "must end in a port from 1 to 65535" });
    }
  }
  if ((hashOn?.source === "header" || hashOn?.source === "cookie") && hashOn.name === undefined) {
    faults.push({ field: "/hashOn/name", message: `is required: the name of the ${hashOn.source}` });
  }
  if (wake && wake.workload === undefined && workloads.length !== 1) {
    faults.push({ field: "/wake/workload", message: "is required where `workloads` does not name exactly one" });
  }
  if (tls?.certificateAuthority?.includes("PRIVATE KEY")) {
    faults.push({ field: "/tls/certificateAuthority", message: "must hold certificates, not a private key" });
  }
  if (global && global.failBelowPercent > global.recoverAbovePercent) {
    faults.push({ field: "/global/recoverAbovePercent", message: "must be at least failBelowPercent" });
  }
  for (const [index, { addresses, networks }] of (global?.regions ?? []).entries()) {
    const at = `/global/regions/${String(index)}`;
    for (const [position, address] of addresses.entries()) {
      if (isIP(address) === 0)
        faults.push({ field: `${at}/addresses/${String(position)}`, message: "must be an IP address" });
    }
    for (const [position, network] of networks.entries()) {
      if (!isNetwork(network))
        faults.push({ field: `${at}/networks/${String(position)}`, message: "must be a CIDR block" });
    }
  }
  return faults;
}

function isNetwork(network: string): boolean {
  const [address = "", prefix = ""] = network.split("/");
  const family = isIP(address);
  return family !== 0 && Number(prefix) <= (family === 4 ? 32 : 128);
}

/** The policy itself knows its options: it is made once, for nothing, to hear what it says of them. */
function policyFaults(spec: UpstreamSpec): FieldFault[] {
  try {
    createPolicy(spec.policy.name, spec.policy.options, { random: Math.random });
    return [];
  } catch (error) {
    if (!(error instanceof MnoError)) throw error;
    return [{ field: "/policy/options", message: error.message }];
  }
}
