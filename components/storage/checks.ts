import type * as pulumi from "@pulumi/pulumi";
import type { FieldFault } from "../../runtime/exports";
import { known } from "../workload/inputs";

/** Names of which pods' host names, Secrets and policies are made: RFC 1035, with room for what is added. */
export function nameFaults(name: string): FieldFault[] {
  return /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)
    ? []
    : [{ field: "name", message: "must be 1 to 40 lower-case letters, digits and dashes, beginning with a letter" }];
}

/** What configuration files, URLs and environment variables carry unchanged. The password itself is not repeated. */
export function passwordFaults(field: string, password: pulumi.Input<string> | undefined): FieldFault[] {
  const value = known(password);
  return value === undefined || /^[A-Za-z0-9._~!@%^*+=:,/?-]{16,128}$/.test(value)
    ? []
    : [{ field, message: "must be 16 to 128 letters, digits or ._~!@%^*+=:,/?-" }];
}

/** One of a closed set, in which callers of other languages may have put anything. */
export function choiceFaults(field: string, choices: Record<string, string>, value: string | undefined): FieldFault[] {
  const all = Object.values(choices);
  return value === undefined || all.includes(value)
    ? []
    : [{ field, message: `is "${value}"; it must be one of ${all.join(", ")}` }];
}
