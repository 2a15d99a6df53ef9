import { MnoError, withoutRelease, type WorkloadSpec } from "../../../exports";
import type { WorkloadEvent, WorkloadStatus } from "../cluster";
import { readJson, writeJsonDurably } from "./files";
import { annotate, applySpec, revise, type WorkloadRecord } from "./record";
import { createSerial } from "./serial";
import { validateScale, validateWorkload } from "../spec";
import { Workload, type WorkloadHost } from "./workload";

/** Every workload of the supervisor: desired state is on disk before it takes effect, and every change is told to listeners. */
export class Workloads {
  private readonly byName = new Map<string, Workload>();
  private readonly deleting = new Map<string, Promise<void>>();
  private readonly listeners = new Set<(event: WorkloadEvent) => void>();
  private readonly mutate = createSerial();
  /** Turns at workloads.json. */
  private readonly save = createSerial();
  private readonly host: WorkloadHost;
  private draining = false;

  constructor(
    host: Omit<WorkloadHost, "publish" | "finished">,
    /** workloads.json */
    private readonly path: string,
  ) {
    this.host = {
      ...host,
      publish: (event) => {
        for (const listener of this.listeners) listener(event);
      },
      finished: () => {
        this.save(() => this.write()).catch((error: unknown) => {
          host.log.error({ err: error }, "a job's completion could not be kept; it may run again after a restart");
        });
      },
    };
  }

  /** Takes up the desired state that an earlier supervisor left. */
  async restore(): Promise<void> {
    for (const record of (readJson(this.path) ?? []) as WorkloadRecord[]) {
      const workload = new Workload(this.host, record);
      await workload.ports.restore(record.spec.ports ?? [], record.ports);
      this.byName.set(record.spec.name, workload);
      workload.start();
    }
  }

  list(): WorkloadStatus[] {
    return [...this.byName.values()].map((workload) => workload.status());
  }

  get(name: string): WorkloadStatus {
    return this.find(name).status();
  }

  logs(name: string, lines: number): Promise<string[]> {
    return this.find(name).log.tail(lines);
  }

  /** Calls `listener` at every change until the returned function is called. */
  listen(listener: (event: WorkloadEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** See Cluster.apply. `created` tells whether it is new. */
  async apply(name: string, input: unknown): Promise<{ created: boolean; status: WorkloadStatus }> {
    const spec = validateWorkload(input, name);
    for (;;) {
      await this.deleting.get(name);
      const applied = await this.mutate(async () => (this.deleting.has(name) ? undefined : this.applyNow(spec)));
      if (applied) return applied;
    }
  }

  scale(name: string, replicas: unknown): Promise<WorkloadStatus> {
    return this.revise(name, (record) => ({ replicas: validateScale(record.spec, replicas) }));
  }

  suspend(name: string): Promise<WorkloadStatus> {
    return this.revise(name, () => ({ suspended: true }));
  }

  resume(name: string, annotations: Record<string, string> = {}): Promise<WorkloadStatus> {
    return this.revise(name, ({ spec, isolation }) => {
      if (isolation) throw isolated(name, isolation.reason);
      return { suspended: false, spec: annotate(spec, annotations) };
    });
  }

  /** See Cluster.isolate. */
  isolate(name: string, reason: string): Promise<WorkloadStatus> {
    const { clock, log } = this.host;
    return this.revise(name, ({ isolation }) => {
      if (isolation) return {};
      log.warn({ workload: name, reason }, "the workload is cut off");
      return { isolation: { since: new Date(clock.now()).toISOString(), reason } };
    });
  }

  /** See Cluster.release. */
  release(name: string): Promise<WorkloadStatus> {
    return this.revise(name, async ({ isolation }) => {
      if (isolation)
        this.host.log.warn({ workload: name, reason: isolation.reason }, "the workload is cut off no longer");
      await this.find(name).endHeld();
      return { isolation: undefined };
    });
  }

  /** See Cluster.renew. */
  renew(name: string): Promise<WorkloadStatus> {
    return this.revise(name, ({ spec, renewals = 0 }) => {
      const { phase } = this.find(name).status();
      if (spec.kind !== "job" || (phase !== "succeeded" && phase !== "failed")) {
        throw new MnoError(
          "MNO_WORKLOAD_CONFLICT",
          `Workload "${name}" is a ${spec.kind} in phase ${phase}; only a job that is over can be held for another run`,
        );
      }
      return { spec: withoutRelease(spec), suspended: true, finished: [], renewals: renewals + 1 };
    });
  }

  /** Resolves when nothing of the workload is left. */
  async delete(name: string): Promise<void> {
    await this.mutate(async () => {
      this.refuseWhileDraining();
      const workload = this.byName.get(name);
      if (!workload || this.deleting.has(name)) return;
      await this.save(async () => {
        await this.write({ name, record: undefined });
        this.deleting.set(name, this.end(name, workload));
      });
    });
    await this.deleting.get(name);
  }

  /** Refuses further changes and ends every replica; what is desired stays on disk. */
  async drain(): Promise<void> {
    this.draining = true;
    await this.mutate(async () => undefined);
    await Promise.all([...this.byName.values()].map((workload) => workload.close()));
    await this.save(async () => undefined);
  }

  private async applyNow(spec: WorkloadSpec): Promise<{ created: boolean; status: WorkloadStatus }> {
    this.refuseWhileDraining();
    const { name } = spec;
    const existing = this.byName.get(name);
    const before = existing?.desired;
    if (before?.spec.owner !== undefined && before.spec.owner !== spec.owner) {
      throw new MnoError(
        "MNO_WORKLOAD_CONFLICT",
        `Workload "${name}" belongs to ${before.spec.owner}, not to ${spec.owner ?? "an unnamed owner"}; delete it there, or choose another name`,
      );
    }
    this.refusePortsOfOthers(spec);
    const workload = existing ?? new Workload(this.host, applySpec(undefined, spec, {}));
    const ports = await workload.ports.prepare(spec.ports ?? []);
    const record = applySpec(before, spec, ports.assigned);
    await this.save(async () => {
      try {
        await this.write({ name, record });
      } catch (error) {
        await ports.rollBack();
        throw error;
      }
      await ports.commit();
      this.byName.set(name, workload);
      workload.update(record, "applied");
    });
    return { created: !existing, status: workload.status() };
  }

  private revise(
    name: string,
    change: (record: WorkloadRecord) => Partial<WorkloadRecord> | Promise<Partial<WorkloadRecord>>,
  ): Promise<WorkloadStatus> {
    return this.mutate(async () => {
      this.refuseWhileDraining();
      const workload = this.find(name);
      if (this.deleting.has(name)) throw notFound(name);
      const before = workload.desired;
      const record = revise(before, await change(before));
      await this.save(async () => {
        await this.write({ name, record });
        workload.update(record, "changed");
      });
      return workload.status();
    });
  }

  private async end(name: string, workload: Workload): Promise<void> {
    await workload.close();
    await workload.log.remove();
    this.byName.delete(name);
    this.deleting.delete(name);
    this.host.publish({ type: "deleted", status: workload.status() });
  }

  private find(name: string): Workload {
    const workload = this.byName.get(name);
    if (!workload) throw notFound(name);
    return workload;
  }

  private refuseWhileDraining(): void {
    if (this.draining)
      throw new MnoError("MNO_CLUSTER_UNREACHABLE", "The supervisor is stopping and takes no more changes");
  }

  /** A port may belong to a workload that does not listen at the moment: a suspended one, or one that is being replaced. */
  private refusePortsOfOthers(spec: WorkloadSpec): void {
    for (const [name, workload] of this.byName) {
      if (name === spec.name) continue;
      const taken = Object.values(workload.desired.ports);
      const port = spec.ports?.find((wanted) => taken.includes(wanted.port));
      if (port) {
        throw new MnoError("MNO_PORT_IN_USE", `Port ${String(port.port)} belongs to workload "${name}"`, {
          extensions: { port: port.port, workload: name },
        });
      }
    }
  }

  /**
   * Writes the desired state of all, with one workload's replaced (or left out) by what is about to take effect. To be
   * called in a turn of `save` in which the change takes effect too: a save between the two would write the state before.
   */
  private async write(change?: { name: string; record: WorkloadRecord | undefined }): Promise<void> {
    const records = new Map<string, WorkloadRecord>();
    for (const [name, workload] of this.byName) if (!this.deleting.has(name)) records.set(name, workload.desired);
    if (change?.record) {
      // A completion may have ended since the record was made.
      records.set(change.name, this.byName.get(change.name)?.withFinished(change.record) ?? change.record);
    } else if (change) records.delete(change.name);
    await writeJsonDurably(this.path, [...records.values()]);
  }
}

function isolated(name: string, reason: string): MnoError {
  return new MnoError(
    "MNO_WORKLOAD_CONFLICT",
    `Workload "${name}" is cut off (${reason}); it runs again when it is released`,
  );
}

function notFound(name: string): MnoError {
  return new MnoError("MNO_WORKLOAD_NOT_FOUND", `There is no workload "${name}"`);
}
