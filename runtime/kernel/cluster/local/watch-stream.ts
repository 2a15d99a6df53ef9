import type { Writable } from "node:stream";
import type { Clock } from "../../clock";
import { HEARTBEAT_MS, type WatchLine } from "./wire";
import type { Workloads } from "./workloads";

/** A slower reader than this gets the latest state of a workload instead of each state in between. */
const BACKLOG_BYTES = 1024 * 1024;

/** Sends every workload and then every change, one JSON object per line, until the reader goes or `signal` is aborted. */
export function watchStream(stream: Writable, workloads: Workloads, clock: Clock, signal: AbortSignal): void {
  let backlog: WatchLine[] = [];
  const write = (line: WatchLine): void => {
    stream.write(`${JSON.stringify(line)}\n`);
  };
  const send = (line: WatchLine): void => {
    if (stream.writableLength < BACKLOG_BYTES) return write(line);
    backlog = supersede(backlog, line);
  };
  const stopListening = workloads.listen(send);
  for (const status of workloads.list()) write({ type: "applied", status });
  write({ type: "listed" });

  const done = new AbortController();
  const end = (): void => {
    stopListening();
    done.abort();
    stream.end();
  };
  stream.on("drain", () => {
    const lines = backlog;
    backlog = [];
    lines.forEach(send);
  });
  stream.once("close", end).on("error", end);
  signal.addEventListener("abort", end, { once: true, signal: done.signal });
  if (signal.aborted) end();
  void beat(clock, done.signal, () => {
    send({ type: "heartbeat", time: new Date(clock.now()).toISOString() });
  });
}

/** The backlog with `line` in it; a change takes the place of the workload's last line where that was a change as well. */
export function supersede(backlog: readonly WatchLine[], line: WatchLine): WatchLine[] {
  if (line.type === "heartbeat") return [...backlog];
  if (line.type !== "changed") return [...backlog, line];
  const name = line.status.spec.name;
  const last = backlog.findLast((earlier) => "status" in earlier && earlier.status.spec.name === name);
  return [...backlog.filter((earlier) => earlier !== last || last.type !== "changed"), line];
}

async function beat(clock: Clock, signal: AbortSignal, send: () => void): Promise<void> {
  for (;;) {
    try {
      await clock.sleep(HEARTBEAT_MS, signal);
    } catch {
      return;
    }
    send();
  }
}
