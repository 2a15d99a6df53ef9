import { MnoError } from "../../exports";
import { SpanKind } from "../telemetry/traces";
import type { DeadLetter, Delivery, EventHandler, SubscribeOptions } from "./bus";
import type { CloudEvent } from "./cloudevent";
import { isEventType, validateEvent } from "./codec";
import type { BusDependencies } from "./dependencies";
import type { BusInstruments } from "./instruments";

/** One stored event on its way to one consumer. In the end it is settled, set aside, or left for the next subscription. */
export interface Inbound {
  readonly sequence: number;
  /** The parsed event, not yet trusted. */
  readonly payload: unknown;
  /** Deliveries in earlier subscriptions, for `Delivery.attempt`. */
  readonly deliveriesBefore: number;
  /** Those of them that count towards `maxDeliveries`. */
  readonly failuresBefore: number;
  /** Called just before each delivery. */
  begin(): void;
  /** The handler is done with it. */
  settle(): void;
  /** The begun delivery ended through no fault of the event: it does not count as a failure. */
  excuse(): void;
  /** Stores it among the dead letters and settles it; rejects when it could not be stored. */
  setAside(letter: DeadLetter): Promise<void>;
}

interface Job {
  inbound: Inbound;
  event: CloudEvent;
  failures: number;
  /** Deliveries in this subscription that failed because infrastructure was away. */
  outages: number;
}

/** The jobs of one subject, oldest first. Only the first is ever at the handler. */
interface Lane {
  subject: string;
  jobs: Job[];
}

const LONGEST_BACKOFF_MILLISECONDS = 30_000;

/** Exponential from 100 ms, at most 30 s. */
export const defaultBackoff = (retry: number): number => Math.min(100 * 2 ** (retry - 1), LONGEST_BACKOFF_MILLISECONDS);

/** Whether the error says that something outside is away for now (status 503), not that the work itself is wrong. */
export function isUnavailable(error: unknown): boolean {
  return error instanceof MnoError && error.status === 503;
}

/** Events accepted and not settled, at most; beyond it intake pauses, so that memory stays bounded behind a retry. */
const WINDOW = 8192;

/**
 * Brings accepted events to the handler: one at a time per subject in order of acceptance, at most `maxInFlight` at once,
 * with retries in place, dead letters, and a consumer span per delivery. An event that waits for its retry holds back its
 * own subject only and takes no place at the handler.
 */
export class Dispatcher {
  private readonly lanes = new Map<string, Lane>();
  private ready: Lane[] = [];
  private running = 0;
  private unsettled = 0;
  private readonly stopping = new AbortController();
  private readonly asides = new Set<Promise<void>>();
  private wakeIntake: (() => void) | undefined;
  private wakeClose: (() => void) | undefined;
  private closed: Promise<void> | undefined;
  private readonly maxInFlight: number;
  private readonly maxDeliveries: number;
  private readonly backoff: (retry: number) => number;

  constructor(
    private readonly options: SubscribeOptions,
    private readonly handler: EventHandler,
    private readonly deps: BusDependencies & { instruments: BusInstruments },
  ) {
    this.maxInFlight = options.maxInFlight ?? 64;
    this.maxDeliveries = options.maxDeliveries ?? 5;
    this.backoff = options.backoffMilliseconds ?? defaultBackoff;
  }

  get signal(): AbortSignal {
    return this.stopping.signal;
  }

  /** Takes one event. An event that does not fit the catalogue is set aside at once. */
  accept(inbound: Inbound): void {
    if (this.signal.aborted) return;
    this.unsettled++;
    let event: CloudEvent;
    try {
      event = validateEvent(inbound.payload);
    } catch (error) {
      this.track(this.setAside(inbound, error, inbound.deliveriesBefore).then((stored) => stored && this.settled()));
      return;
    }
    const job: Job = { inbound, event, failures: inbound.failuresBefore, outages: 0 };
    const lane = this.lanes.get(event.subject);
    if (lane) {
      lane.jobs.push(job);
      return;
    }
    const created: Lane = { subject: event.subject, jobs: [job] };
    this.lanes.set(event.subject, created);
    this.ready.push(created);
    this.pump();
  }

  /** How many events to offer now; resolves when that is at least one. 0 once it is closing. */
  async demand(): Promise<number> {
    for (;;) {
      if (this.signal.aborted) return 0;
      const room = WINDOW - this.unsettled;
      // Enough distinct subjects to keep the handler busy while the next events are read.
      if (room > 0 && this.running + this.ready.length < 2 * this.maxInFlight) return Math.min(room, 256);
      await new Promise<void>((resolve) => (this.wakeIntake = resolve));
    }
  }

  /** Stops deliveries and waits for the running handlers. Idempotent. */
  close(): Promise<void> {
    return (this.closed ??= this.drain());
  }

  private async drain(): Promise<void> {
    this.stopping.abort(new MnoError("MNO_BUS_CLOSED", `the subscription of ${this.options.consumer} is closing`));
    this.wakeIntake?.();
    if (this.running > 0) await new Promise<void>((resolve) => (this.wakeClose = resolve));
    await Promise.all(this.asides);
  }

  private pump(): void {
    while (!this.signal.aborted && this.running < this.maxInFlight) {
      const lane = this.ready.shift();
      if (!lane) break;
      this.running++;
      void this.runHead(lane).finally(() => {
        this.running--;
        if (this.running === 0) this.wakeClose?.();
        this.pump();
      });
    }
    this.wakeIntake?.();
  }

  /** Delivers the lane's first event once, and decides what comes of the lane. */
  private async runHead(lane: Lane): Promise<void> {
    const job = lane.jobs[0] as Job;
    // A process that died in every earlier delivery would die in the next one too.
    if (job.failures >= this.maxDeliveries) {
      const error = new Error(`delivered ${job.failures} times without settling; the consumer ended meanwhile`);
      return this.giveUp(lane, job, error);
    }
    try {
      await this.deliver(job);
    } catch (error) {
      if (this.signal.aborted) return job.inbound.excuse();
      if (isUnavailable(error)) {
        job.inbound.excuse();
        job.outages++;
        return this.retryLater(lane, job, error, Math.min(this.backoff(job.outages), LONGEST_BACKOFF_MILLISECONDS));
      }
      job.failures++;
      if (job.failures >= this.maxDeliveries) return this.giveUp(lane, job, error);
      return this.retryLater(lane, job, error, this.backoff(job.failures - job.inbound.failuresBefore));
    }
    job.inbound.settle();
    this.advance(lane);
  }

  private deliver(job: Job): Promise<void> {
    const { inbound, event } = job;
    const { consumer } = this.options;
    inbound.begin();
    const delivery: Delivery = {
      sequence: inbound.sequence,
      attempt: deliveriesOf(job) + 1,
      signal: this.signal,
    };
    const attributes = {
      "messaging.operation.type": "process",
      "messaging.destination.name": event.type,
      "messaging.message.id": event.id,
      "messaging.consumer.group.name": consumer,
      "messaging.mno.attempt": delivery.attempt,
    };
    const parent = event.traceparent
      ? { traceparent: event.traceparent, ...(event.tracestate ? { tracestate: event.tracestate } : {}) }
      : undefined;
    this.deps.instruments.delivered(consumer, event.type);
    return this.deps.tracer.span(
      `consume ${event.type}`,
      { kind: SpanKind.CONSUMER, attributes, ...(parent ? { parent } : {}) },
      () => this.handler(event, delivery),
    );
  }

  private retryLater(lane: Lane, job: Job, error: unknown, delay: number): void {
    this.deps.log.warn(
      {
        err: error,
        consumer: this.options.consumer,
        eventId: job.event.id,
        attempt: deliveriesOf(job),
        retryInMilliseconds: delay,
      },
      isUnavailable(error)
        ? "what the handler needs is away; the event waits for it"
        : "the handler failed; the event is retried",
    );
    this.deps.clock.sleep(delay, this.signal).then(
      () => {
        this.ready.push(lane);
        this.pump();
      },
      () => undefined, // closing: the event comes again at the next subscribe
    );
  }

  /** Dead letter first, next event of the subject afterwards; meanwhile the place at the handler is free. */
  private giveUp(lane: Lane, job: Job, error: unknown): void {
    this.track(
      this.setAside(job.inbound, error, deliveriesOf(job)).then((stored) => {
        if (stored) this.advance(lane);
        this.pump();
      }),
    );
  }

  /** true once the dead letter is stored. Tries until it is: an event that could not be set aside must not be passed. */
  private async setAside(inbound: Inbound, cause: unknown, attempts: number): Promise<boolean> {
    const { consumer } = this.options;
    const type = (inbound.payload as { type?: unknown } | null)?.type;
    const letter: DeadLetter = {
      sequence: inbound.sequence,
      event: inbound.payload,
      error: describe(cause),
      attempts,
      time: new Date(this.deps.clock.now()).toISOString(),
    };
    for (let retry = 1; ; retry++) {
      try {
        await inbound.setAside(letter);
        break;
      } catch (error) {
        this.deps.log.error({ err: error, consumer, sequence: inbound.sequence }, "the dead letter was not stored");
        const wait = this.deps.clock.sleep(defaultBackoff(retry), this.signal);
        if (
          !(await wait.then(
            () => true,
            () => false,
          ))
        )
          return false;
      }
    }
    this.deps.log.error({ err: cause, consumer, sequence: inbound.sequence, attempts }, "dead letter");
    this.deps.instruments.deadLettered(consumer, isEventType(type) ? type : "unknown");
    return true;
  }

  private advance(lane: Lane): void {
    lane.jobs.shift();
    if (lane.jobs.length > 0) this.ready.push(lane);
    else this.lanes.delete(lane.subject);
    this.settled();
  }

  private settled(): void {
    this.unsettled--;
    this.wakeIntake?.();
  }

  private track(work: Promise<unknown>): void {
    const tracked: Promise<void> = work.then(() => void this.asides.delete(tracked));
    this.asides.add(tracked);
  }
}

/** Deliveries so far, earlier subscriptions included. */
function deliveriesOf({ inbound, failures, outages }: Job): number {
  return inbound.deliveriesBefore + (failures - inbound.failuresBefore) + outages;
}

function describe(error: unknown): string {
  if (error instanceof MnoError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
