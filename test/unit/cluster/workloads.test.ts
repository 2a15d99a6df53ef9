import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import type { WorkloadPort } from "../../../runtime/exports";
import { systemClock } from "../../../runtime/kernel/clock";
import { PortPool } from "../../../runtime/kernel/cluster/local/ports";
import type { WorkloadRecord } from "../../../runtime/kernel/cluster/local/record";
import { ReplicaRegistry } from "../../../runtime/kernel/cluster/local/replica-registry";
import { type PortChange, ServicePorts } from "../../../runtime/kernel/cluster/local/service-ports";
import { Workloads } from "../../../runtime/kernel/cluster/local/workloads";

const ports: { prepare: (this: ServicePorts, wanted: readonly WorkloadPort[]) => Promise<PortChange> } =
  ServicePorts.prototype;
const { prepare } = ports;

describe("Workloads on disk", () => {
  let folder: string;
  let workloads: Workloads;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mno-workloads-"));
    mkdirSync(join(folder, "logs"));
    const host = {
      node: "n",
      clusterUrl: `local:${folder}`,
      clock: systemClock,
      log: pino({ level: "silent" }),
      ports: new PortPool(),
      registry: new ReplicaRegistry(join(folder, "replicas.json")),
      logs: join(folder, "logs"),
      usage: () => undefined,
    };
    workloads = new Workloads(host, join(folder, "workloads.json"));
  });
  afterEach(async () => {
    ports.prepare = prepare;
    await workloads.drain();
    rmSync(folder, { recursive: true });
  });

  const spec = (change: object = {}): object => ({
    name: "w",
    kind: "service",
    command: ["true"],
    requests: { cpuCores: 0.1, memoryBytes: 64 * 1024 ** 2 },
    replicas: 0,
    ...change,
  });
  const onDisk = (): WorkloadRecord[] =>
    JSON.parse(readFileSync(join(folder, "workloads.json"), "utf8")) as WorkloadRecord[];

  /** Lets `before` happen when an apply makes its ports ready, and `between` when its record is written but not in effect. */
  function interleave(before: () => Promise<void>, between: () => Promise<void>): void {
    ports.prepare = async function (wanted): Promise<PortChange> {
      await before();
      const change = await prepare.call(this, wanted);
      const commit = async (): Promise<void> => {
        await between();
        await change.commit();
      };
      return { ...change, commit };
    };
  }
  const nothing = async (): Promise<void> => undefined;

  it("keep an applied workload, and its new spec, whatever save comes between", async () => {
    interleave(nothing, async () => {
      (workloads as unknown as { host: { finished(): void } }).host.finished();
      await new Promise((resolve) => setImmediate(resolve));
    });
    await workloads.apply("w", spec());
    await workloads.apply("v", spec({ name: "v" }));
    await workloads.apply("w", spec({ environment: { A: "new" } }));
    await workloads.drain();
    assert.deepEqual(
      onDisk().map(({ spec: { name, environment }, generation }) => [name, environment?.["A"], generation]),
      [
        ["w", "new", 2],
        ["v", undefined, 1],
      ],
    );
  });

  it("keep a completion that ended while its workload was being applied again", async () => {
    const job = { kind: "job", replicas: 1, command: [process.execPath, "-e", "0"] };
    const succeeded = new Promise<void>((resolve) => {
      workloads.listen(({ status }) => {
        if (status.phase === "succeeded") resolve();
      });
    });
    await workloads.apply("w", spec(job));
    interleave(() => succeeded, nothing);
    await workloads.apply("w", spec({ ...job, owner: "o" }));
    await workloads.drain();
    const [record] = onDisk();
    assert.deepEqual([record?.generation, record?.finished.map(({ phase }) => phase)], [2, ["succeeded"]]);
  });
});
