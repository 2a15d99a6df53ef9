import { join } from "node:path";
import type { Logger } from "pino";
import type { Clock } from "../../../kernel/clock";
import type { WorkerPool } from "../../../kernel/workers/pool";
import { timedId } from "../ids";
import type { Pipeline } from "../pipeline/pipeline";
import type { ThreatStore } from "../store";
import type { TrainingSet } from "../ensemble/training";
import { encodeArtifact } from "./artifact";
import { type Job, packRows, unpackRows } from "./job";
import { type Manifest, manifestText } from "./manifest";
import { type ModelSigner, sha256 } from "./signing";
import type { TrainingInput } from "./train-worker";

const WORKER = join(__dirname, `train-worker${__filename.endsWith(".ts") ? ".ts" : ".js"}`);

export interface TrainerDependencies {
  store: ThreatStore;
  workers: () => WorkerPool;
  signer: ModelSigner;
  clock: Clock;
  random: () => number;
  log: Logger;
  pipeline: (name: string) => Pipeline | undefined;
  signal: AbortSignal;
}

/** Makes models on worker threads. Jobs are in the store with their rows: what a crash cut short begins again, with the same seed. */
export class Trainer {
  private readonly progress = new Map<string, Float64Array>();
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly deps: TrainerDependencies) {}

  async start(pipeline: Pipeline, assumption: Job["assumption"], raw: Float64Array, rows: number): Promise<Job> {
    const { clock, random, store } = this.deps;
    const job: Job = {
      id: timedId("job", clock.now(), random),
      pipeline: pipeline.spec.name,
      assumption,
      state: "running",
      progress: 0,
      startedAt: new Date(clock.now()).toISOString(),
      rows,
      seed: Math.floor(random() * 2 ** 31),
      model: null,
      fault: null,
    };
    await store.addJob(job, packRows(raw));
    this.launch(job, raw);
    return job;
  }

  /** Begins again what an earlier process left. */
  async resume(): Promise<void> {
    for (const { job, input } of await this.deps.store.unfinishedJobs()) this.launch(job, unpackRows(input));
  }

  async job(id: string): Promise<Job | undefined> {
    const job = await this.deps.store.job(id);
    const done = this.progress.get(id)?.[0];
    return job?.state === "running" && done !== undefined ? { ...job, progress: done } : job;
  }

  /** Waits for what runs. */
  async settle(): Promise<void> {
    await Promise.all(this.running);
  }

  private launch(job: Job, raw: Float64Array): void {
    const work = this.run(job, raw).catch((error: unknown) => {
      // It stays "running" in the store, and begins again with the next process.
      this.deps.log.warn({ err: error, job: job.id }, "a training job was cut short");
    });
    this.running.add(work);
    void work.finally(() => {
      this.running.delete(work);
      this.progress.delete(job.id);
    });
  }

  private async run(job: Job, raw: Float64Array): Promise<void> {
    const { store, workers, pipeline, signal } = this.deps;
    const target = pipeline(job.pipeline);
    if (target === undefined || raw.length !== job.rows * target.columns.length) {
      await store.finishJob({ ...job, state: "failed", fault: `The pipeline ${job.pipeline} has changed since` }, null);
      return;
    }
    const progress = new SharedArrayBuffer(8);
    this.progress.set(job.id, new Float64Array(progress));
    const input: TrainingInput = {
      ...target.shape,
      raw,
      count: job.rows,
      assumption: job.assumption,
      seed: job.seed,
      progress,
    };
    let set: TrainingSet;
    try {
      set = await workers().run<TrainingInput, TrainingSet>(WORKER, input, { signal });
    } catch (error) {
      signal.throwIfAborted();
      await store.finishJob({ ...job, state: "failed", fault: (error as Error).message.slice(0, 1000) }, null);
      return;
    }
    await this.keep(job, target, set);
  }

  private async keep(job: Job, pipeline: Pipeline, set: TrainingSet): Promise<void> {
    const { store, signer, clock, random } = this.deps;
    const artifact = encodeArtifact({
      ...set,
      columns: pipeline.columns,
      numeric: pipeline.shape.numeric,
      seed: job.seed,
    });
    const manifest: Manifest = {
      id: timedId("mdl", clock.now(), random),
      pipeline: job.pipeline,
      version: await store.nextVersion(job.pipeline),
      madeAt: new Date(clock.now()).toISOString(),
      assumption: job.assumption,
      rows: { given: job.rows, learning: set.learning.count, heldOut: set.heldOut.count },
      seed: job.seed,
      sha256: sha256(artifact),
    };
    const model = { manifest, signature: signer.sign(manifestText(manifest)), artifact };
    await store.finishJob({ ...job, state: "done", progress: 1, model: manifest.id }, model);
  }
}
