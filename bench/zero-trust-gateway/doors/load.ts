import { build } from "hdr-histogram-js";
import { GrpcCaller } from "./grpc-caller";
import { HttpCaller } from "./http-caller";

/** Who asks a server the same kind of question over and over. */
export interface Caller {
  /** Asks question number `index`, and calls back once: with what is wrong with the answer, if something is. */
  ask(index: number, answered: (fault: string | undefined) => void): void;
  close(): void;
}

export interface LoadOptions {
  readonly port: number;
  readonly protocol: "http" | "grpc";
  /** Whole requests of HTTP/1.1, or base64 of gRPC messages; asked in turn. */
  readonly questions: readonly string[];
  /** What the content of each answer must have in it, beside the right status. */
  readonly expected: readonly string[];
  readonly perSecond: number;
  /** Asked as well, and not counted; milliseconds. */
  readonly warmUp: number;
  readonly milliseconds: number;
}

export interface LoadResult {
  /** Milliseconds from when a request was due to when its answer was whole. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Asked, those of the warm-up included. */
  readonly requests: number;
  /** Not answered as expected; the first fault is told. */
  readonly faults: number;
  readonly fault: string | undefined;
}

/** Timers are good to a millisecond: what is due sooner is waited for without one. */
const TIMER_MILLISECONDS = 1.5;

/**
 * An open loop at a constant rate: requests leave when they are due, however many are under way, and a latency counts from then, so that
 * neither a pause of the server nor one of the generator is left out (no coordinated omission).
 */
export async function run(options: LoadOptions): Promise<LoadResult> {
  const { perSecond, warmUp, milliseconds, protocol } = options;
  const caller: Caller = protocol === "http" ? new HttpCaller(options) : new GrpcCaller(options);
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const total = Math.floor(((warmUp + milliseconds) * perSecond) / 1000);
  const startAt = performance.now();
  const dueAt = (index: number): number => startAt + (index * 1000) / perSecond;
  let [sent, answers, faults] = [0, 0, 0];
  let fault: string | undefined;
  await new Promise<void>((resolve) => {
    const send = (index: number): void => {
      const due = dueAt(index);
      caller.ask(index, (wrong) => {
        if (wrong !== undefined) {
          faults += 1;
          fault ??= wrong;
        }
        if (due - startAt >= warmUp) histogram.recordValue(Math.max(1, Math.round((performance.now() - due) * 1000)));
        answers += 1;
        if (answers === total) resolve();
      });
    };
    const pump = (): void => {
      const now = performance.now();
      while (sent < total && dueAt(sent) <= now) send(sent++);
      if (sent === total) return;
      if (dueAt(sent) - now < TIMER_MILLISECONDS) setImmediate(pump);
      else setTimeout(pump, 1);
    };
    pump();
  });
  caller.close();
  const at = (percent: number): number => histogram.getValueAtPercentile(percent) / 1000;
  return { p50: at(50), p99: at(99), max: histogram.maxValue / 1000, requests: total, faults, fault };
}
