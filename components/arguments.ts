import { type FieldFault, MnoError } from "../runtime/exports";

/** Refuses a component's arguments, naming every fault at once; does nothing without one. Errors: MNO_COMPONENT_ARGS_INVALID. */
export function refuse(component: string, name: string, faults: readonly FieldFault[]): void {
  if (faults.length === 0) return;
  const text = faults.map((fault) => `${fault.field} ${fault.message}`).join("; ");
  throw new MnoError("MNO_COMPONENT_ARGS_INVALID", `MNO_COMPONENT_ARGS_INVALID: ${component} "${name}": ${text}`, {
    faults,
  });
}

/** A fault for each pair whose first member holds. */
export function faultsOf(checks: readonly (readonly [wrong: boolean, field: string, message: string])[]): FieldFault[] {
  return checks.filter(([wrong]) => wrong).map(([, field, message]) => ({ field, message }));
}
