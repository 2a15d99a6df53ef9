import type { DeadLetter } from "../bus";
import { parseStored } from "../codec";
import type { BusDependencies } from "../dependencies";
import { defaultBackoff, type Dispatcher, type Inbound } from "../dispatcher";
import { Wakeup } from "../wakeup";
import type { ConsumerState } from "./consumer-state";
import type { DeadLetterFolder } from "./dead-letters";
import type { LogEntry } from "./frame";
import type { SegmentedLog } from "./log";

/** Brings one consumer's events from the log, and its redriven dead letters, to its dispatcher, as fast as that takes them. */
export class Feed {
  private cursor: number;
  private buffer: readonly LogEntry[] = [];
  private bufferAt = 0;
  private readonly redriven: DeadLetter[] = [];
  private listed = false;
  private readonly wakeup = new Wakeup();

  constructor(
    private readonly log: SegmentedLog,
    private readonly state: ConsumerState,
    private readonly letters: DeadLetterFolder,
    private readonly dispatcher: Dispatcher,
    private readonly deps: Pick<BusDependencies, "clock" | "log">,
    private readonly onSettled: () => void,
  ) {
    this.cursor = state.needed;
    dispatcher.signal.addEventListener("abort", () => this.wakeup.wake(), { once: true });
  }

  /** There is something new in the log. */
  wake(): void {
    this.wakeup.wake();
  }

  redrive(letter: DeadLetter): void {
    this.redriven.push(letter);
    this.wakeup.wake();
  }

  /** Runs until the dispatcher closes. A fault of the disk is logged and tried again, never passed over. */
  async run(): Promise<void> {
    for (let faults = 0; !this.dispatcher.signal.aborted;) {
      try {
        if (!this.listed) await this.listRedriven();
        await this.offerSome();
        faults = 0;
      } catch (error) {
        faults++;
        this.deps.log.error({ err: error, consumer: this.state.name }, "the event log could not be read; trying again");
        await this.deps.clock.sleep(defaultBackoff(faults), this.dispatcher.signal).catch(() => undefined);
      }
    }
  }

  private async listRedriven(): Promise<void> {
    const waiting = await this.letters.redriven();
    // One that was redriven during the listing is in both.
    const announced = new Set(this.redriven.map(({ sequence }) => sequence));
    this.redriven.push(...waiting.filter(({ sequence }) => !announced.has(sequence)));
    this.listed = true;
  }

  private async offerSome(): Promise<void> {
    const demand = await this.dispatcher.demand();
    if (demand === 0) return;
    for (const letter of this.redriven.splice(0, demand)) this.dispatcher.accept(this.redrivenInbound(letter));
    if (this.bufferAt === this.buffer.length) {
      this.buffer = await this.log.read(this.cursor);
      this.bufferAt = 0;
    }
    if (this.buffer.length === 0 && this.redriven.length === 0) return this.wakeup.wait();
    let offered = 0;
    while (offered < demand && this.bufferAt < this.buffer.length && !this.dispatcher.signal.aborted) {
      const entry = this.buffer[this.bufferAt++] as LogEntry;
      this.cursor = entry.sequence + 1;
      if (!this.state.take(entry.sequence, entry.type)) continue;
      offered++;
      this.dispatcher.accept(this.inbound(entry));
    }
  }

  private inbound({ sequence, json }: LogEntry): Inbound {
    const { state, letters, onSettled } = this;
    const { begun, excused } = state.deliveries(sequence);
    const settle = (): void => {
      state.settle(sequence);
      onSettled();
    };
    return {
      sequence,
      payload: parseStored(json),
      deliveriesBefore: begun,
      failuresBefore: begun - excused,
      begin: () => state.begin(sequence),
      excuse: () => state.excuse(sequence),
      settle,
      setAside: async (letter) => {
        await letters.store(letter);
        settle();
      },
    };
  }

  private redrivenInbound({ sequence, event, attempts }: DeadLetter): Inbound {
    return {
      sequence,
      payload: event,
      deliveriesBefore: attempts,
      failuresBefore: 0,
      begin: () => undefined,
      excuse: () => undefined,
      settle: () => {
        // Should the removal fail, the event comes once more at the next subscribe: at least once.
        this.letters.settle(sequence).catch((error: unknown) => {
          this.deps.log.warn({ err: error, consumer: this.state.name, sequence }, "a redriven event will come again");
        });
      },
      setAside: (letter) => this.letters.store(letter),
    };
  }
}
