import assert from "node:assert/strict";
import fc from "fast-check";
import { pino } from "pino";
import { KUBERNETES_ANNOTATIONS, MnoError } from "../../../runtime/exports";
import type { WorkloadPhase, WorkloadStatus } from "../../../runtime/kernel/cluster/cluster";
import { Admission, planAdmission } from "../../../runtime/scalability/elastic-resource-manager/admission";
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
    await subject.round();
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
});
