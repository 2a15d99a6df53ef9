import { type FieldFault, MnoError } from "../../../exports";
import type { ExperimentInput } from "./schemas";

/** What the schema cannot say. Errors: MNO_KNOB_INVALID with all faults at once. */
export function validateExperiment({ knob, candidate, measureUrl }: ExperimentInput): void {
  const faults: FieldFault[] = [];
  const { minimum, maximum, current } = knob;
  if (minimum >= maximum) faults.push({ field: "/knob/maximum", message: `must be above minimum, ${String(minimum)}` });
  const within = `must be from ${String(minimum)} to ${String(maximum)}`;
  if (current < minimum || current > maximum) faults.push({ field: "/knob/current", message: within });
  if (candidate < minimum || candidate > maximum) faults.push({ field: "/candidate", message: within });
  if (candidate === current) faults.push({ field: "/candidate", message: "must differ from /knob/current" });
  for (const [field, url] of Object.entries({ "/knob/url": knob.url, "/measureUrl": measureUrl })) {
    if (!URL.canParse(url)) faults.push({ field, message: "must be a URL" });
    else if (new URL(url).username !== "" || new URL(url).password !== "")
      faults.push({
        field,
        message: "must not carry user and password: whoever may read the experiment would see them",
      });
  }
  if (faults.length > 0) {
    throw new MnoError("MNO_KNOB_INVALID", faults.map(({ field, message }) => `${field} ${message}`).join("; "), {
      faults,
    });
  }
}
