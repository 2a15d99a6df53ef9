import type { Logger } from "pino";
import type { Clock } from "../../clock";
import { readJson, writeJsonNow } from "./files";
import type { ProcessIdentity } from "../../process-identity";
import { terminateOrphan } from "./processes";

interface RegisteredProcess extends ProcessIdentity {
  replica: string;
  gracePeriodSeconds: number;
}

/** The processes that run for this folder, on disk before anything else happens to them (replicas.json). */
export class ReplicaRegistry {
  private readonly running = new Map<number, RegisteredProcess>();

  constructor(private readonly path: string) {}

  add(process: RegisteredProcess): void {
    this.running.set(process.pid, process);
    this.write();
  }

  remove(pid: number): void {
    this.running.delete(pid);
    this.write();
  }

  private write(): void {
    writeJsonNow(this.path, [...this.running.values()]);
  }
}

/** Ends every process that an earlier supervisor of this folder left behind. */
export async function terminateOrphans(path: string, clock: Clock, log: Logger): Promise<void> {
  const recorded = (readJson(path) ?? []) as RegisteredProcess[];
  await Promise.all(
    recorded.map(async (orphan) => {
      const gone = await terminateOrphan(orphan, orphan.gracePeriodSeconds * 1000, clock);
      if (gone) log.info({ replica: orphan.replica, pid: orphan.pid }, "a replica of an earlier supervisor is gone");
      else
        log.error({ replica: orphan.replica, pid: orphan.pid }, "an orphaned replica does not end, even after SIGKILL");
    }),
  );
}
