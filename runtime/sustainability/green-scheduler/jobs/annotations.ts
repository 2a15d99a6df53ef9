import { type FieldFault, GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS } from "../../../exports";
import { contradictions, type Declaration, type Declared } from "./declaration";
import { occurrenceFrom, type Schedule } from "./recurrence";

type Setting = keyof typeof GREEN_ANNOTATIONS;
type Parse<T> = (text: string) => T | undefined;

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const NUMBER = /^\d+(?:\.\d+)?$/;
const REGION = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;
/** What a key of a recurring job looks like: it is a column of the store and a part of messages. */
const KEY = /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,126}[A-Za-z0-9])?$/;

/**
 * Pure: from a job's annotations to its declaration, or to every fault in them. `submittedAt` is when the scheduler first saw
 * the job; times may be given relative to it, or to the first time of its schedule from then on. An annotation with the scheduler's prefix that it does not know is a fault too:
 * a misspelt deadline would else be none.
 */
export function parseAnnotations(annotations: Readonly<Record<string, string>>, submittedAt: number): Declared {
  const faults: FieldFault[] = unknownNames(annotations).map((name) => ({
    field: name,
    message: `is not known; the green scheduler knows ${Object.values(GREEN_ANNOTATIONS).join(", ")}`,
  }));

  function read<T>(setting: Setting, parse: Parse<T>, right: string): T | undefined {
    const text = annotations[GREEN_ANNOTATIONS[setting]]?.trim();
    if (text === undefined) return undefined;
    const value = parse(text);
    if (value === undefined) {
      faults.push({ field: GREEN_ANNOTATIONS[setting], message: `must be ${right}, and is ${JSON.stringify(text)}` });
    }
    return value;
  }

  const schedule = scheduleOf(annotations, submittedAt, faults);
  const base = schedule?.at ?? submittedAt;
  const times = schedule ? "+<seconds> after each time of the schedule" : "an RFC 3339 time or +<seconds>";
  const time = (setting: Setting): number | undefined =>
    read(setting, (text) => (schedule && !text.startsWith("+") ? undefined : parseTime(text, base)), times);
  const amount = (setting: Setting, unit: string): number | undefined =>
    read(setting, parseNumber, `a number of ${unit}, 0 or more`);
  const positive = (setting: Setting, unit: string): number | undefined =>
    read(setting, (text) => parseNumber(text) || undefined, `a number of ${unit} above 0`);

  const deadline = time("deadline");
  if (annotations[GREEN_ANNOTATIONS.deadline] === undefined) {
    faults.push({ field: GREEN_ANNOTATIONS.deadline, message: `is missing; must be ${times}` });
  }
  const declaration: Declaration = {
    releaseAt: time("release") ?? base,
    deadline: deadline ?? Infinity,
    maxDelaySeconds: amount("maxDelay", "seconds") ?? null,
    durationSeconds: positive("duration", "seconds") ?? null,
    interruptible: read("interruptible", parseBoolean, "true or false") ?? false,
    checkpointSeconds: amount("checkpoint", "seconds") ?? 0,
    startupSeconds: amount("startup", "seconds") ?? 0,
    minChunkSeconds: amount("minChunk", "seconds") ?? 0,
    watts: positive("watts", "W") ?? null,
    regions: read("regions", parseRegions, "names of regions separated by commas") ?? [],
    pinned: annotations[GREEN_ANNOTATIONS.regions] !== undefined,
    carbonBudgetGrams: positive("carbonBudget", "gCO2e") ?? null,
    recurringKey: read("recurringKey", (text) => (KEY.test(text) ? text : undefined), `like ${KEY.source}`) ?? null,
    schedule: schedule && { cron: schedule.cron, timeZone: schedule.timeZone },
    scale: [],
  };
  if (deadline !== undefined) {
    faults.push(...contradictions(declaration, (name) => (name === "deadline" ? GREEN_ANNOTATIONS.deadline : name)));
  }
  return faults.length > 0 ? { declaration: null, faults } : { declaration, faults: [] };
}

/** The schedule with its first time from `from` on; null where there is none, or a fault in it. */
function scheduleOf(
  annotations: Readonly<Record<string, string>>,
  from: number,
  faults: FieldFault[],
): (Schedule & { at: number }) | null {
  const cron = annotations[GREEN_ANNOTATIONS.schedule]?.trim();
  const zone = annotations[GREEN_ANNOTATIONS.timeZone]?.trim();
  if (cron === undefined) {
    if (zone !== undefined) {
      faults.push({
        field: GREEN_ANNOTATIONS.timeZone,
        message: `is of a schedule: ${GREEN_ANNOTATIONS.schedule} is missing`,
      });
    }
    return null;
  }
  const schedule = { cron, timeZone: zone ?? "UTC" };
  try {
    const at = occurrenceFrom(schedule, from);
    if (at !== null) return { ...schedule, at };
    faults.push({ field: GREEN_ANNOTATIONS.schedule, message: `never comes again: ${JSON.stringify(cron)}` });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `must be a cron expression in a time zone that there is, and is ${JSON.stringify(cron)} in ${schedule.timeZone}: ${why}`;
    faults.push({ field: GREEN_ANNOTATIONS.schedule, message });
  }
  return null;
}

/** What of the annotations a declaration depends on: where it stays the same, so does the declaration. */
export function declarationKey(annotations: Readonly<Record<string, string>>): string {
  const written: readonly string[] = [GREEN_ANNOTATIONS.decision, GREEN_ANNOTATIONS.fault];
  const relevant = Object.entries(annotations).filter(
    ([name]) => name.startsWith(KUBERNETES_ANNOTATIONS.green) && !written.includes(name),
  );
  return JSON.stringify(relevant.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unknownNames(annotations: Readonly<Record<string, string>>): string[] {
  const known: readonly string[] = Object.values(GREEN_ANNOTATIONS);
  return Object.keys(annotations).filter(
    (name) => name.startsWith(KUBERNETES_ANNOTATIONS.green) && !known.includes(name),
  );
}

function parseTime(text: string, submittedAt: number): number | undefined {
  const relative = text.startsWith("+") ? parseNumber(text.slice(1)) : undefined;
  const at = relative === undefined ? (RFC3339.test(text) ? Date.parse(text) : NaN) : submittedAt + relative * 1000;
  // Dates end at 8.64e15 ms: what lies beyond could not be written down.
  return Number.isFinite(at) && Math.abs(at) <= 8.64e15 ? at : undefined;
}

function parseNumber(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  return Number.isFinite(value) ? value : undefined;
}

function parseBoolean(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}

function parseRegions(text: string): string[] | undefined {
  const regions = text.split(",").map((region) => region.trim());
  return regions.every((region) => REGION.test(region)) ? [...new Set(regions)] : undefined;
}
