import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { ManualClock } from "../../../runtime/kernel/clock";
import { seeded } from "../../../runtime/kernel/random";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { createWorkerPool } from "../../../runtime/kernel/workers/create";
import type { WorkerPool } from "../../../runtime/kernel/workers/pool";
import { decodeArtifact } from "../../../runtime/security/threat-detection/models/artifact";
import { checkModel } from "../../../runtime/security/threat-detection/models/manifest";
import { ModelSigner } from "../../../runtime/security/threat-detection/models/signing";
import { Trainer } from "../../../runtime/security/threat-detection/models/trainer";
import { Pipeline } from "../../../runtime/security/threat-detection/pipeline/pipeline";
import { ThreatStore } from "../../../runtime/security/threat-detection/store";
import { silent } from "../auto-scaling-engine/fakes";
import { normalRows, START } from "./support";

const PIPELINE = new Pipeline({ name: "pairs", fields: [{ name: "a", path: "a", kind: "number" }] });

describe("threat detection: training jobs", function () {
  this.timeout(60_000); // PGlite compiles its WebAssembly, and the worker TypeScript, first
  let database: Database;
  let store: ThreatStore;
  let workers: WorkerPool;
  const signer = new ModelSigner(generateKeyPairSync("ml-dsa-65").privateKey, []);

  before(async () => {
    database = await openDatabase("pglite:memory", { log: silent });
    store = new ThreatStore(database);
    await store.migrate();
    workers = createWorkerPool({ log: silent, maxThreads: 1 });
  });
  after(async () => {
    await workers.close();
    await database.close();
  });
  afterEach(() => database.query("TRUNCATE td_jobs, td_models"));

  const trainer = (pool: WorkerPool, signal = new AbortController().signal): Trainer =>
    new Trainer({
      ...{ store, signer, signal, log: silent, clock: new ManualClock(START), random: seeded(1) },
      workers: () => pool,
      pipeline: (name) => (name === "pairs" ? PIPELINE : undefined),
    });
  const rows = normalRows(300, PIPELINE.columns.length, 1);

  it("make a signed candidate, each a version higher", async () => {
    const one = trainer(workers);
    for (const version of [1, 2]) {
      const job = await one.start(PIPELINE, "normals", rows.raw, rows.count);
      assert.equal((await one.job(job.id))?.state, "running");
      await one.settle();
      const done = await one.job(job.id);
      assert.deepEqual([done?.state, done?.progress, done?.fault], ["done", 1, null]);
      const { manifest, signature, state, artifact } = await store.model(done!.model!);
      assert.deepEqual([state, manifest.version, manifest.rows.given], ["candidate", version, 300]);
      checkModel({ manifest, signature }, artifact, signer);
      assert.equal(decodeArtifact(artifact).learning.count, 240);
    }
  });

  it("begin again after a crash, and make the same model", async () => {
    const crash = new AbortController();
    const dead: WorkerPool = {
      run: () => {
        crash.abort(new Error("the process ends"));
        return Promise.reject(new Error("the thread ended"));
      },
      close: () => Promise.resolve(),
    };
    const first = trainer(dead, crash.signal);
    const job = await first.start(PIPELINE, "unlabelled", rows.raw, rows.count);
    await first.settle();
    assert.equal((await first.job(job.id))?.state, "running");
    const next = trainer(workers);
    await next.resume();
    await next.settle();
    const resumed = await store.model((await next.job(job.id))!.model!);
    assert.equal(resumed.manifest.seed, job.seed);
    assert.deepEqual(await store.unfinishedJobs(), []);
  });

  it("say why they failed", async () => {
    const broken: WorkerPool = {
      run: () => Promise.reject(new Error("out of memory")),
      close: () => Promise.resolve(),
    };
    const one = trainer(broken);
    const job = await one.start(PIPELINE, "normals", rows.raw, rows.count);
    await one.settle();
    const failed = await one.job(job.id);
    assert.deepEqual([failed?.state, failed?.fault], ["failed", "out of memory"]);
  });
});
