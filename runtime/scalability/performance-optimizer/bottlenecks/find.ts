import type { Bottleneck, ResourceSnapshot } from "./schemas";

/** From here on a resource counts as saturated: what waits for it grows without bound well before it is fully used. */
const BUSY = 0.8;
/** Relative difference between two measurements of the same thing by Little's law that is still no contradiction. */
const CONSISTENT = 0.5;

/**
 * Which resources hold a system up, most suspect first, by the USE method (utilisation, saturation, errors of every resource;
 * B. Gregg, ACM Queue 10, 2012) and Little's law (L = throughput x W): what cannot be measured directly follows from what
 * was. The score is the share of a request's time that is spent waiting for the resource; where nothing is known of that,
 * how far its use lies beyond 80 %. Resources with nothing to say about are left out.
 */
export function findBottlenecks(snapshots: readonly ResourceSnapshot[]): Bottleneck[] {
  return snapshots
    .map(assess)
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score || a.resource.localeCompare(b.resource));
}

function assess(snapshot: ResourceSnapshot): Bottleneck {
  const evidence: string[] = [];
  const doubts: string[] = [];
  const utilisation = utilisationOf(snapshot, evidence, doubts);
  const queue = queueOf(snapshot, evidence, doubts);
  const waiting = waitingOf(snapshot, queue, evidence);
  const errors = errorsOf(snapshot, evidence);
  const beyond = Math.max(0, (utilisation ?? 0) - BUSY) / (1 - BUSY);
  const queued = queue !== undefined && queue > 0 ? queue / (queue + (snapshot.capacity ?? 1)) : 0;
  const score = Math.max(waiting ?? Math.max(Math.min(1, beyond), queued), errors ?? 0);
  return {
    resource: snapshot.resource,
    score,
    utilisation: utilisation ?? null,
    queue: queue ?? null,
    waitingShare: waiting ?? null,
    errorShare: errors ?? null,
    evidence,
    doubts,
  };
}

/** Busy servers over all of them; by Little's law busy = throughput x service time. */
function utilisationOf(of: ResourceSnapshot, evidence: string[], doubts: string[]): number | undefined {
  const { capacity, busy, throughput, serviceSeconds } = of;
  if (capacity === undefined) return undefined;
  const little = throughput !== undefined && serviceSeconds !== undefined ? throughput * serviceSeconds : undefined;
  const used = busy ?? little;
  if (used === undefined) return undefined;
  if (busy !== undefined && little !== undefined && differ(busy, little)) {
    doubts.push(`${show(busy)} are said to be busy, ${show(little)} follow from throughput x service time`);
  }
  const source = busy === undefined ? " by Little's law" : "";
  evidence.push(`utilisation ${percent(used / capacity)}${source} (${show(used)} of ${show(capacity)})`);
  return used / capacity;
}

/** What waits; by Little's law waiting = throughput x time waited. */
function queueOf(of: ResourceSnapshot, evidence: string[], doubts: string[]): number | undefined {
  const { queue, throughput, waitSeconds } = of;
  const little = throughput !== undefined && waitSeconds !== undefined ? throughput * waitSeconds : undefined;
  const length = queue ?? little;
  if (length === undefined) return undefined;
  if (queue !== undefined && little !== undefined && differ(queue, little) && Math.abs(queue - little) > 1) {
    doubts.push(`${show(queue)} are said to wait, ${show(little)} follow from throughput x waiting time`);
  }
  if (length > 0) evidence.push(`queue ${show(length)}${queue === undefined ? " by Little's law" : ""}`);
  return length;
}

/** Share of the whole time at the resource that is waiting; by Little's law the wait is queue / throughput. */
function waitingOf(of: ResourceSnapshot, queue: number | undefined, evidence: string[]): number | undefined {
  const { waitSeconds, throughput, serviceSeconds } = of;
  const wait = waitSeconds ?? (queue !== undefined && throughput ? queue / throughput : undefined);
  if (wait === undefined || serviceSeconds === undefined) return undefined;
  const whole = wait + serviceSeconds;
  if (wait === 0 || whole === 0) return 0;
  evidence.push(`waiting ${milliseconds(wait)} of ${milliseconds(whole)}`);
  return wait / whole;
}

function errorsOf({ errors, throughput }: ResourceSnapshot, evidence: string[]): number | undefined {
  if (errors === undefined || throughput === undefined) return undefined;
  const all = throughput + errors;
  if (all === 0 || errors === 0) return 0;
  evidence.push(`errors ${percent(errors / all)} (${show(errors)} a second)`);
  return errors / all;
}

const differ = (one: number, other: number): boolean => Math.abs(one - other) > CONSISTENT * Math.max(one, other);
const show = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${show(share * 100)} %`;
const milliseconds = (seconds: number): string => `${show(seconds * 1000)} ms`;
