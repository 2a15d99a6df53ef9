import type { Job, Outlook } from "../api";
import type { Row } from "../chart";
import { clock, grams, relative } from "../format";

const OVER = new Set(["succeeded", "failed", "deleted"]);
const ms = (time: string): number => Date.parse(time);

export const isOver = ({ state }: Job): boolean => OVER.has(state);
export const jobPath = ({ name }: Job): string => `/green-scheduler/v1/jobs/${encodeURIComponent(name)}`;

/** Where the job runs, is to run, or would. */
export const regionOf = ({ runs, plan }: Job): string | undefined => runs.at(-1)?.region ?? plan?.region;

/** Why it does what it does, in a sentence: what the scheduler decided, or what keeps it from deciding. */
export function reasonOf(job: Job): string {
  if (job.faults.length > 0)
    return `not valid: ${job.faults.map(({ field, message }) => `${field} ${message}`).join("; ")}`;
  if (job.unplannableSince !== null) return "no forecast to plan it by; its deadline is kept";
  return job.plan?.reason ?? "not planned yet";
}

/** When it is planned to begin, or why nobody knows. */
export function startOf(job: Job, now: number): string {
  if (isOver(job)) return job.state;
  if (job.state === "running") return "running";
  const next = job.plan?.slots.find(({ to }) => ms(to) > now);
  if (next) return `${job.state}: starts ${relative(next.from, now)}, at ${clock(next.from, now, 0)}`;
  if (job.releaseAt !== null && ms(job.releaseAt) > now) return `${job.state}: due ${relative(job.releaseAt, now)}`;
  return job.state;
}

/** The jobs of the region that have to do with the time shown, those under way first. */
export function rowsOf(
  jobs: readonly Job[],
  { region }: Outlook,
  shown: { from: number; to: number },
  now: number,
): Row[] {
  const own = jobs.filter(
    (job) => regionOf(job) === region && (job.finishedAt === null || ms(job.finishedAt) >= shown.from),
  );
  return own
    .toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)))
    .map((job) => ({
      key: job.id,
      label: job.name,
      href: jobPath(job),
      detail: detailOf(job, now),
      bars: barsOf(job, now),
      release: ms(job.releaseAt ?? job.submittedAt),
      deadline: job.deadline === null ? undefined : ms(job.deadline),
    }));
}

function barsOf(job: Job, now: number): Row["bars"] {
  const ran = job.runs.map(({ from, to }) => ({
    from: ms(from),
    to: to === null ? now : ms(to),
    kind: "ran" as const,
  }));
  const slots = isOver(job) ? [] : (job.plan?.slots ?? []);
  const planned = slots
    .filter(({ to }) => ms(to) > now)
    .map(({ from, to }) => ({ from: Math.max(ms(from), ran.at(-1)?.to ?? 0), to: ms(to), kind: "planned" as const }));
  return [...ran, ...planned.filter(({ from, to }) => to > from)];
}

function detailOf(job: Job, now: number): string {
  const { plan, account, deadline } = job;
  const by = deadline === null ? [] : [`deadline ${clock(deadline, now, 0)}`];
  const figures = account
    ? [`emitted ${grams(account.gramsCo2e)}, ${grams(account.baselineGramsCo2e)} from a start at once`]
    : plan
      ? [`expected ${grams(plan.expectedGrams)}, ${grams(plan.baselineGrams)} from a start at once`]
      : [];
  return [startOf(job, now), reasonOf(job), ...by, ...figures].join("; ");
}
