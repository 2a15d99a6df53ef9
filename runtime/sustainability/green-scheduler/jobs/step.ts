import type { Slot } from "../engine";
import { iso } from "./declaration";
import type { JobRecord } from "./record";

/** What is to be done with a job now, and why. */
export type Step =
  | { do: "release"; grounds: "plan" | "deadline" | "invalid" | "unplannable"; why: string }
  | { do: "pause"; why: string }
  | { do: "nothing"; why: string };

interface StepInput {
  record: JobRecord;
  now: number;
  /** Of the part that is left; -Infinity of a job that cannot be planned. */
  latestStart: number;
  /** How long a job that cannot be planned waits for intensity to come back. */
  graceMilliseconds: number;
}

/**
 * Pure: the one place that decides whether a job runs. The plan says when; the deadline overrules it; and what cannot be
 * planned does not wait for long, for without intensity waiting saves nothing that anybody could name.
 */
export function stepOf(input: StepInput): Step {
  const { record } = input;
  if (record.state === "running") return whileRunning(input);
  if (record.state === "waiting" || record.state === "paused") return whileHeld(input);
  return { do: "nothing", why: `it is ${record.state}` };
}

function whileHeld({ record, now, latestStart, graceMilliseconds }: StepInput): Step {
  const { declaration, plan, unplannableSince } = record;
  if (!declaration) {
    const faults = record.faults.map(({ field, message }) => `${field} ${message}`).join("; ");
    return { do: "release", grounds: "invalid", why: `its declaration is not valid, so it does not wait: ${faults}` };
  }
  if (now < declaration.releaseAt)
    return { do: "nothing", why: `it is not to start before ${iso(declaration.releaseAt)}` };
  if (now >= latestStart) {
    return {
      do: "release",
      grounds: "deadline",
      why: `its deadline ${iso(declaration.deadline)}, or the longest delay it allows, permits no later start`,
    };
  }
  const slot = plan && slotAt(plan.slots, now);
  if (slot) return { do: "release", grounds: "plan", why: `its slot ${iso(slot.from)} to ${iso(slot.to)} has begun` };
  const next = plan?.slots.find(({ from }) => from > now);
  if (next) return { do: "nothing", why: `its next slot begins at ${iso(next.from)}` };
  if (plan && plan.slots.length === 0 && unplannableSince === null) {
    return { do: "nothing", why: `there is no room for it yet; it is released at ${iso(latestStart)} at the latest` };
  }
  const since = unplannableSince ?? now;
  if (now - since >= graceMilliseconds) {
    const why = `it could not be planned since ${iso(since)}: the deadline alone decides, and waiting saves nothing known`;
    return { do: "release", grounds: "unplannable", why };
  }
  return { do: "nothing", why: `it could not be planned since ${iso(since)}; it waits a little for intensity` };
}

function whileRunning({ record, now, latestStart }: StepInput): Step {
  const { declaration, plan } = record;
  if (!declaration?.interruptible) return { do: "nothing", why: "it runs, and is not to be interrupted" };
  if (!plan || slotAt(plan.slots, now)) return { do: "nothing", why: "it runs in its slot" };
  const next = plan.slots.find(({ from }) => from > now);
  if (!next) return { do: "nothing", why: "it runs on beyond its last slot" };
  const begun = record.runs.at(-1)?.from ?? now;
  if (now < begun + declaration.minChunkSeconds * 1000)
    return { do: "nothing", why: "its part is not long enough yet" };
  // Resumed at the latest at its next slot: the deadline must still hold from there.
  if (next.from + declaration.checkpointSeconds * 1000 > latestStart) {
    return { do: "nothing", why: `its deadline ${iso(declaration.deadline)} allows no pause` };
  }
  return { do: "pause", why: `its slot is over; it goes on at ${iso(next.from)}` };
}

const slotAt = (slots: readonly Slot[], now: number): Slot | undefined =>
  slots.find(({ from, to }) => from <= now && now < to);
