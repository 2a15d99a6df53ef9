import assert from "node:assert/strict";
import fc from "fast-check";
import { pino } from "pino";
import { KUBERNETES_ANNOTATIONS, MnoError } from "../../../runtime/exports";
import type { WorkloadPhase, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import {
  Admission,
  type AdmissionOptions,
  planAdmission,
} from "../../../runtime/scalability/elastic-resource-manager/admission";
import type { Allocation } from "../../../runtime/scalability/elastic-resource-manager/allocation";
import type { Demand } from "../../../runtime/scalability/elastic-resource-manager/demand";

const { admission, allocation } = KUBERNETES_ANNOTATIONS;

function job(name: string, phase: WorkloadPhase, annotations: Record<string, string> = {}): WorkloadStatus {
  return {
    spec: {
      name,
      kind: "job",
      command: ["true"],
      requests: { cpuCores: 2, memoryBytes: 1024 },
      replicas: 3,
      annotations: { [admission]: "elastic-resource-manager", ...annotations },
    },
    generation: 1,
    phase,
    desiredReplicas: 3,
    readyReplicas: 0,
    replicas: [],
    endpoints: {},
  };
}

const active = (...ids: string[]): ReadonlyMap<string, Allocation> =>
  new Map(ids.map((id) => [id, { id } as unknown as Allocation]));

describe("elastic resource manager: admission of jobs", () => {
  it("asks for the suspended, renews the running, gives back the ended", () => {
    const plan = planAdmission(
      [
        job("waits", "suspended"),
        job("runs", "progressing", { [allocation]: "a1" }),
        job("done", "succeeded", { [allocation]: "a2" }),
        job("broken", "failed", { [allocation]: "a3" }),
        job("done-before", "succeeded", { [allocation]: "long-released" }),
      ],
      active("a1", "a2", "a3", "another's"),
    );
    assert.deepEqual(
      plan.ask.map(({ spec }) => spec.name),
      ["waits"],
    );
    assert.deepEqual(plan.renew, ["a1"]);
    assert.deepEqual(plan.giveBack.sort(), ["a2", "a3"]);
  });

  it("never touches a job that did not ask, nor an allocation that no job carries", () => {
    const phases: WorkloadPhase[] = ["suspended", "progressing", "ready", "succeeded", "failed"];
    const anyJob = fc.record({
      name: fc.stringMatching(/^[a-z]{1,4}$/),
      phase: fc.constantFrom(...phases),
      engine: fc.constantFrom("elastic-resource-manager", "another-engine"),
      held: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyJob, { selector: ({ name }) => name }),
        fc.subarray(["a", "b", "c", "d"]),
        (jobs, ids) => {
          const statuses = jobs.map(({ name, phase, engine, held }) =>
            job(name, phase, { [admission]: engine, ...(held === undefined ? {} : { [allocation]: held }) }),
          );
          const plan = planAdmission(statuses, active(...ids));
          const ours = jobs.filter(({ engine }) => engine === "elastic-resource-manager");
          const carried = new Set<string | undefined>(ours.map(({ held }) => held));
          assert.ok([...plan.renew, ...plan.giveBack].every((id) => carried.has(id) && ids.includes(id)));
          assert.deepEqual(
            plan.ask.map(({ spec }) => spec.name),
            ours
              .filter(({ phase }) => phase === "suspended")
              .map(({ name }) => name)
              .sort(),
          );
        },
      ),
    );
  });

  it("releases each job that fits with its allocation's id, and leaves the rest for the next round", async () => {
    const resumed: [string, unknown][] = [];
    const asked: Demand[] = [];
    const subject = new Admission({
      manager: {
        allocate: async (demand) => {
          asked.push(demand);
          if (demand.workload === "big") throw new MnoError("MNO_ALLOCATION_OVER_CAPACITY", "does not fit");
          return { allocation: { id: `for-${String(demand.workload)}` } as Allocation, created: true };
        },
        renew: () => Promise.reject(new Error("nothing runs")),
        release: () => Promise.reject(new Error("nothing has ended")),
      },
      cluster: {
        list: async () => [job("small", "suspended"), job("big", "suspended")],
        resume: async (name, options) => {
          resumed.push([name, options?.annotations]);
          return job(name, "progressing");
        },
      },
      active: () => active(),
      strategy: "best-fit",
      log: pino({ level: "silent" }),
    });
    await subject.round(new AbortController().signal);
    assert.deepEqual(resumed, [["small", { [allocation]: "for-small" }]]);
    assert.deepEqual(
      asked.map(({ tenant, workload, replicas, amount }) => ({ tenant, workload, replicas, amount })),
      ["big", "small"].map((workload) => ({
        tenant: "jobs",
        workload,
        replicas: 3,
        amount: { cpuMilli: 2000, memoryBytes: 1024 },
      })),
    );
  });

  /** A manager that grants whatever is asked for, and a cluster whose refusals the test decides. */
  function world(jobs: WorkloadStatus[], refuse: (name: string) => boolean) {
    const held = new Map<string, Allocation>();
    const resumed: [string, string | undefined][] = [];
    const manager: AdmissionOptions["manager"] = {
      allocate: async ({ workload }) => {
        const granted = { id: `${String(workload)}-${String(held.size)}` } as Allocation;
        held.set(granted.id, granted);
        return { allocation: granted, created: true };
      },
      renew: async (id) => held.get(id)!,
      release: async (id) => void held.delete(id),
    };
    const cluster: AdmissionOptions["cluster"] = {
      list: async () => jobs,
      resume: async (name, options) => {
        if (refuse(name)) throw new MnoError("MNO_CLUSTER_FORBIDDEN", `may not patch ${name}`);
        resumed.push([name, options?.annotations?.[allocation]]);
        return job(name, "progressing");
      },
    };
    const log = pino({ level: "silent" });
    const subject = new Admission({ manager, cluster, active: () => held, strategy: "best-fit", log });
    return { subject, held, resumed };
  }

  it("releases the others when one cannot be, and takes no more capacity for it with each attempt", async () => {
    let refused = true;
    const jobs = [job("barred", "suspended"), job("free", "suspended")];
    const { subject, held, resumed } = world(jobs, (name) => refused && name === "barred");
    const stop = new AbortController();
    await assert.rejects(subject.round(stop.signal), AggregateError);
    assert.deepEqual(resumed, [["free", "free-1"]]);
    jobs.pop();
    for (let round = 0; round < 3; round++) await assert.rejects(subject.round(stop.signal), AggregateError);
    assert.deepEqual([...held.keys()], ["barred-0", "free-1"]);
    refused = false;
    await subject.round(stop.signal);
    assert.deepEqual(resumed.at(-1), ["barred", "barred-0"]);
  });

  it("gives back what a job that is gone or suspended again was granted", async () => {
    const jobs = [job("barred", "suspended")];
    const { subject, held } = world(jobs, () => true);
    const { signal } = new AbortController();
    await assert.rejects(subject.round(signal), AggregateError);
    jobs[0] = job("again", "suspended", { [allocation]: "old" });
    held.set("old", { id: "old" } as Allocation);
    await assert.rejects(subject.round(signal), AggregateError);
    assert.deepEqual([...held.keys()], ["again-0"]);
  });

  it("stops within a round when its term ends", async () => {
    const stop = new AbortController();
    const { subject, resumed } = world([job("a", "suspended"), job("b", "suspended")], () => {
      stop.abort();
      return false;
    });
    await subject.round(stop.signal);
    assert.deepEqual(
      resumed.map(([name]) => name),
      ["a"],
    );
  });
});
