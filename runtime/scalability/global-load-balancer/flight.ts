import type { ClientResponse } from "../../kernel/proxy/reply";
import type { TryControl, TryHandler } from "../../kernel/proxy/transport/transport";
import type { Try } from "./engine";
import type { Verdict } from "./outliers";

/** Of an answer that is tried again elsewhere so much is read, to keep its connection; a longer one costs the connection. */
const DISCARD_BYTES = 65_536;

/** The try itself took too long. */
export class TryTimeout extends Error {}

/** What a try tells the exchange that it belongs to. */
export interface FlightOwner {
  readonly response: ClientResponse;
  /** Between two parts of a body; 0: no limit. */
  readonly idleMilliseconds: number;
  /** The head of a response came; whether its body is to be passed on. */
  answered(flight: Flight, status: number, headers: string[]): boolean;
  /** Ended without the head of a response. */
  failed(flight: Flight, error: Error): void;
  ended(flight: Flight, trailers: string[]): void;
  /** The response broke off after its head had gone to the client. */
  broken(): void;
  /** What the endpoint answered cannot be said to the client. */
  unspeakable(flight: Flight, error: Error): void;
  /** Whether the client is to blame for the end of a try. */
  isClients(error: Error): boolean;
  forget(flight: Flight): void;
}

/** One try under way: follows what its transport tells, and passes the body on at the pace of the client. */
export class Flight implements TryHandler {
  control: TryControl | undefined;
  sent = false;
  private settled = false;
  private done = false;
  private passing = false;
  hasHead = false;
  /** Some of its body went to the client. */
  passed = false;
  private discarded = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly exchange: FlightOwner,
    readonly attempt: Try,
    /** A retry or hedge. */
    readonly extra: boolean,
    private readonly report: (attempt: Try, verdict: Verdict | undefined, load?: string) => void,
  ) {}

  expireAfter(seconds: number): void {
    this.timer = setTimeout(() => {
      this.giveUp("gateway-failure");
      this.exchange.failed(this, new TryTimeout(`nothing in ${String(seconds)} s`));
    }, seconds * 1000);
  }

  /** Tells the engine how the try went; the first word counts. */
  settle(verdict: Verdict | undefined, load?: string): void {
    if (this.settled) return;
    this.settled = true;
    this.report(this.attempt, verdict, load);
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    this.giveUp(undefined);
  }

  giveUp(verdict: Verdict | undefined): void {
    if (this.done) return;
    this.settle(verdict);
    this.control?.abort();
    this.finish();
  }

  onSent(): void {
    this.sent = true;
  }

  onHead(status: number, headers: string[]): void {
    clearTimeout(this.timer);
    this.hasHead = true;
    try {
      this.passing = this.exchange.answered(this, status, headers);
    } catch (error) {
      this.exchange.unspeakable(this, error as Error);
    }
  }

  onData(chunk: Buffer): void {
    if (this.done) return;
    if (!this.passing) {
      this.discarded += chunk.length;
      if (this.discarded > DISCARD_BYTES) this.abandon();
      return;
    }
    this.passed = true;
    const { response } = this.exchange;
    if (response.write(chunk)) return;
    this.control?.pause();
    // A client that takes nothing for so long does not hold an endpoint any longer.
    const { idleMilliseconds } = this.exchange;
    clearTimeout(this.timer);
    if (idleMilliseconds > 0) this.timer = setTimeout(() => response.destroy(), idleMilliseconds);
    response.once("drain", () => {
      clearTimeout(this.timer);
      this.control?.resume();
    });
  }

  onEnd(trailers: string[]): void {
    if (this.done) return;
    this.finish();
    try {
      this.exchange.ended(this, trailers);
    } catch (error) {
      this.exchange.unspeakable(this, error as Error);
    }
  }

  onError(error: Error): void {
    if (this.done) return;
    this.settle(this.exchange.isClients(error) ? undefined : "gateway-failure");
    this.finish();
    if (this.passing) this.exchange.broken();
    else if (!this.hasHead) this.exchange.failed(this, error);
  }

  private finish(): void {
    this.done = true;
    clearTimeout(this.timer);
    this.exchange.forget(this);
  }
}
