import type { Logger } from "pino";
import { request } from "undici";
import type { Sibling } from "../../kernel/http/sibling";

const AGAIN_MILLISECONDS = 1000;
const ANSWER_MILLISECONDS = 5000;

/** The sibling is the runtime that has the auto-scaling engine. */
export interface WakerOptions extends Sibling {
  readonly log: Logger;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

/** Asks the auto-scaling engine for a workload's first replica: at most once a second, however many requests wait for it. */
export class Waker {
  private readonly asked = new Map<string, number>();

  constructor(private readonly options: WakerOptions) {}

  wake(workload: string): void {
    const now = this.options.now();
    if (now - (this.asked.get(workload) ?? -Infinity) < AGAIN_MILLISECONDS) return;
    this.asked.set(workload, now);
    void this.ask(workload);
  }

  private async ask(workload: string): Promise<void> {
    const { baseUrl, headers, log } = this.options;
    const url = `${baseUrl}/auto-scaling-engine/v1/scalers/${encodeURIComponent(workload)}/wake`;
    try {
      const { statusCode, body } = await request(url, {
        method: "POST",
        headers,
        signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
      });
      const text = await body.text();
      if (statusCode >= 300)
        log.warn({ workload, statusCode, answer: text.slice(0, 500) }, "the workload could not be woken");
    } catch (error) {
      log.warn({ err: error, workload }, "the auto-scaling engine could not be asked to wake the workload");
    }
  }
}
