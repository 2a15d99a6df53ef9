import { MnoError } from "../../exports";

/** Where in which document: `rule "title", detection.selection.Image|contains`. */
export interface Place {
  readonly rule: string;
  readonly path: string;
}

export function at(place: Place, name: string): Place {
  return { rule: place.rule, path: place.path === "" ? name : `${place.path}.${name}` };
}

/** The document is not Sigma. */
export function invalid(place: Place, what: string, cause?: unknown): MnoError {
  return fault("MNO_SIGMA_RULE_INVALID", place, what, cause);
}

/** The document is Sigma, or was once, and asks for what this engine does not do. */
export function unsupported(place: Place, what: string, cause?: unknown): MnoError {
  return fault("MNO_SIGMA_RULE_UNSUPPORTED", place, what, cause);
}

function fault(
  code: "MNO_SIGMA_RULE_INVALID" | "MNO_SIGMA_RULE_UNSUPPORTED",
  { rule, path }: Place,
  what: string,
  cause?: unknown,
): MnoError {
  const where = path === "" ? "" : ` at ${path}`;
  return new MnoError(code, `Sigma document "${rule}"${where}: ${what}`, {
    ...(cause === undefined ? {} : { cause }),
    faults: [{ field: path, message: what }],
  });
}
