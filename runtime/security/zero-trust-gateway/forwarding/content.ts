import { Transform, type Readable } from "node:stream";
import { MnoError } from "../../../exports";
import type { Route } from "../routing/route";

/** Content of all requests together that is in memory. */
export class ContentBudget {
  private held = 0;

  constructor(private readonly maximumBytes: number) {}

  /** Errors: MNO_OVERLOADED. */
  take(bytes: number): void {
    if (this.held + bytes > this.maximumBytes) {
      throw new MnoError("MNO_OVERLOADED", "The gateway holds as much content of requests as it may");
    }
    this.held += bytes;
  }

  give(bytes: number): void {
    this.held -= bytes;
  }
}

interface Reading {
  readonly limits: Pick<Route["content"], "maximumBytes" | "seconds">;
  /** As the client announced it. */
  readonly length: number | undefined;
  readonly budget: ContentBudget;
}

/**
 * Reads content whole; `release` gives its place in the budget back. Errors: MNO_REQUEST_TOO_LARGE, MNO_REQUEST_TOO_SLOW,
 * MNO_REQUEST_MALFORMED where it broke off, MNO_OVERLOADED.
 */
export function readContent(
  source: Readable,
  { limits, length, budget }: Reading,
): Promise<{ content: Buffer; release: () => void }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let over = false;
    const release = (): void => {
      budget.give(bytes);
      bytes = 0;
    };
    const settle = (error?: MnoError): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      source.off("data", take).off("end", whole).off("error", broken).off("close", broken);
      if (!error) return resolve({ content: Buffer.concat(chunks), release });
      release();
      // Whoever sends it may still fail, with nobody listening.
      source.on("error", () => undefined);
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      try {
        budget.take(chunk.length);
      } catch (error) {
        return settle(error as MnoError);
      }
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > limits.maximumBytes) settle(tooLarge(limits.maximumBytes));
    };
    const whole = (): void => settle();
    const broken = (): void => settle(new MnoError("MNO_REQUEST_MALFORMED", "The content broke off"));
    const late = (): void =>
      settle(new MnoError("MNO_REQUEST_TOO_SLOW", `The content did not arrive in ${String(limits.seconds)} s`));
    const timer = setTimeout(late, limits.seconds * 1000);
    if (length !== undefined && length > limits.maximumBytes) return settle(tooLarge(limits.maximumBytes));
    if (source.destroyed) return broken();
    source.on("data", take).once("end", whole).once("error", broken).once("close", broken);
  });
}

/** Content that passes on unread; longer than allowed it breaks off, and so does the request. */
export function limitedStream(source: Readable, maximumBytes: number): Readable {
  let bytes = 0;
  const limiter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes > maximumBytes) done(tooLarge(maximumBytes));
      else done(null, chunk);
    },
  });
  source.once("error", (error) => limiter.destroy(error));
  source.once("close", () => {
    if (!source.readableEnded) limiter.destroy(new MnoError("MNO_REQUEST_MALFORMED", "The content broke off"));
  });
  return source.pipe(limiter);
}

function tooLarge(maximumBytes: number): MnoError {
  return new MnoError("MNO_REQUEST_TOO_LARGE", `The route takes at most ${String(maximumBytes)} bytes of content`);
}
