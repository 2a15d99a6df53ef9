import { MnoError } from "../../../exports";
import type { Clock } from "../../clock";
import type { NatsServer } from "./server";

/** A look at the stream's fill level is believed this long, in milliseconds. */
const BELIEVED_MILLISECONDS = 1000;

/** Keeps the event stream within its declared size: settled events make room for new ones, needed ones are never removed. */
export class Capacity {
  private headroom = 0;
  private spent = 0;
  private asOf = -Infinity;

  constructor(
    private readonly server: NatsServer,
    private readonly clock: Clock,
  ) {}

  /**
   * Refuses a batch that would not fit as a whole, before any of it is stored (this server has no atomic batches). The fill
   * level is looked up at most once a second while there is ample room. Errors: MNO_BUS_FULL.
   */
  async reserve(bytes: number): Promise<void> {
    const stale = this.clock.now() - this.asOf > BELIEVED_MILLISECONDS;
    if (stale || this.spent + bytes > this.headroom / 2) {
      await this.look();
      while (bytes > this.headroom && (await this.trim())) await this.look();
      if (bytes > this.headroom) {
        this.asOf = -Infinity;
        throw new MnoError(
          "MNO_BUS_FULL",
          `stream ${this.server.names.events} has ${this.headroom} bytes left, its consumers still need the rest; ${bytes} more do not fit`,
        );
      }
    }
    this.spent += bytes;
  }

  /** Removes up to half of the stream's events, the oldest that all consumers have settled; false if there are none. */
  async trim(): Promise<boolean> {
    const { jsm, names } = this.server;
    const { state } = await jsm.streams.info(names.events);
    let settled = state.last_seq;
    for await (const consumer of jsm.consumers.list(names.events)) {
      // Readers are ephemeral; they take what is there.
      if (!consumer.config.durable_name) continue;
      if (consumer.num_pending + consumer.num_ack_pending > 0)
        settled = Math.min(settled, consumer.ack_floor.stream_seq);
    }
    const upTo = Math.min(settled, state.first_seq + Math.ceil(state.messages / 2));
    if (state.messages === 0 || upTo < state.first_seq) return false;
    await jsm.streams.purge(names.events, { seq: upTo + 1 });
    return true;
  }

  private async look(): Promise<void> {
    const { state, config } = await this.server.jsm.streams.info(this.server.names.events);
    this.headroom = config.max_bytes < 0 ? Infinity : config.max_bytes - state.bytes;
    this.spent = 0;
    this.asOf = this.clock.now();
  }
}
