import { Readable } from "node:stream";

/**
 * The body of a request on its way to an endpoint, and to another one if the first does not take it. The first `keepBytes` are kept;
 * while no more than that was read the body can be sent again from its beginning. Reads from the client only as fast as the endpoint
 * takes, and leaves the client's stream alone when a try is given up.
 */
export class RequestBody {
  private kept: Buffer[] = [];
  private overflown = false;
  /** Bytes that have come from the client. */
  bytes = 0;
  private ended = false;
  private reader: Readable | undefined;
  private failure: Error | undefined;
  private whenEnded: () => void = () => undefined;

  constructor(
    private readonly source: Readable,
    private readonly keepBytes: number,
  ) {
    source.pause();
    source.on("data", (chunk: Buffer) => this.take(chunk));
    source.pause(); // listening to "data" lets it flow
    source.on("end", () => {
      this.ended = true;
      this.reader?.push(null);
      this.whenEnded();
    });
    source.on("error", (error) => {
      this.failure = error;
      this.reader?.destroy(error);
    });
  }

  /** Calls `work` when all of the body has come; there is one such call. */
  onEnd(work: () => void): void {
    this.whenEnded = work;
  }

  /** The client broke it off. */
  get broken(): boolean {
    return this.failure !== undefined;
  }

  /** Whether `open` may be called (again). */
  get replayable(): boolean {
    return !this.overflown && this.failure === undefined;
  }

  /** The body from its beginning; of an earlier reader nothing is read any more. */
  open(): Readable {
    this.release();
    const reader = new Readable({
      read: () => {
        if (!this.ended) this.source.resume();
      },
    });
    this.reader = reader;
    for (const chunk of this.kept) reader.push(chunk);
    if (this.ended) reader.push(null);
    return reader;
  }

  /** Nobody reads on. */
  release(): void {
    const reader = this.reader;
    this.reader = undefined;
    this.source.pause();
    // Its consumer may still hold it: it must not take this for the end of the body.
    if (reader && !reader.destroyed && !reader.readableEnded) {
      reader.on("error", () => undefined);
      reader.destroy();
    }
  }

  /** What the client still sends is read and forgotten, so that its connection can go on. */
  discard(): void {
    this.release();
    this.kept = [];
    this.overflown = true;
    this.source.resume();
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > this.keepBytes) {
      this.overflown = true;
      this.kept = [];
    } else {
      this.kept.push(chunk);
    }
    if (this.reader && !this.reader.push(chunk)) this.source.pause();
  }
}
