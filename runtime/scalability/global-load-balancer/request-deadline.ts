import type { RequestBody } from "../../kernel/proxy/request-body";
import type { UpstreamSpec } from "./spec";

/** The times that one request has: until its body has come, and from then until the response begins. */
export class RequestDeadline {
  private readonly timers: NodeJS.Timeout[] = [];
  private stopped = false;

  constructor(
    private readonly timeouts: UpstreamSpec["timeouts"],
    private readonly body: RequestBody | undefined,
    /** Told once who is late, and with what. */
    private readonly late: (blame: "endpoint" | "client", what: string) => void,
  ) {}

  start(): void {
    if (this.body) this.watchUpload(this.body);
    else this.awaitResponse();
  }

  /** Calls `work` unless the response begins before. */
  after(milliseconds: number, work: () => void): void {
    if (!this.stopped) this.timers.push(setTimeout(work, milliseconds));
  }

  stop(): void {
    this.stopped = true;
    this.clear();
  }

  private awaitResponse(): void {
    const { requestSeconds } = this.timeouts;
    if (requestSeconds === 0) return;
    this.after(requestSeconds * 1000, () => this.late("endpoint", `gave no answer in ${String(requestSeconds)} s`));
  }

  /** The deadline counts from the end of the request, however long that is in coming; but come it must. */
  private watchUpload(body: RequestBody): void {
    const { idleSeconds } = this.timeouts;
    body.onEnd(() => {
      this.clear();
      this.awaitResponse();
    });
    if (idleSeconds === 0) return;
    let before = body.bytes;
    const look = (): void => {
      if (body.bytes === before) {
        return this.late("client", `was sent nothing of a request's body in ${String(idleSeconds)} s`);
      }
      before = body.bytes;
      this.after(idleSeconds * 1000, look);
    };
    this.after(idleSeconds * 1000, look);
  }

  private clear(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.length = 0;
  }
}
