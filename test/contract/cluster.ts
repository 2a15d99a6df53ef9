import assert from "node:assert/strict";
import { KUBERNETES_ANNOTATIONS, MnoError, type WorkloadSpec } from "../../runtime/exports";
import type { Cluster, WorkloadEvent, WorkloadStatus } from "../../runtime/kernel/cluster/cluster";
import { eventually } from "../support/supervisor";

/** What a driver brings along to be tested. */
export interface ClusterFixture {
  cluster: Cluster;
  /** The command that runs test/support/workloads/<program>.js on this cluster. */
  command(program: "service" | "job"): string[];
  /** Kills the replica's process with SIGKILL. */
  kill(workload: string, replica: string): Promise<void>;
  /** How much longer things take than on the local cluster, which starts a replica in a fraction of a second. Default 1. */
  patience?: number;
  /** Whether the stable ports of workloads are on one address, so that a port can be taken. Default true. */
  sharedAddress?: boolean;
  /** Whether it is the oldest replica that stays when a workload is scaled down. Default true. */
  keepsOldest?: boolean;
  close(): Promise<void>;
}

/** What every Cluster must do, whatever it drives. */
export function clusterContract(name: string, open: () => Promise<ClusterFixture>): void {
  describe(`cluster contract: ${name}`, function () {
    this.timeout(240_000);
    let fixture: ClusterFixture;
    let cluster: Cluster;
    let patience = 1;

    before(async function () {
      this.timeout(180_000);
      fixture = await open();
      cluster = fixture.cluster;
      patience = fixture.patience ?? 1;
    });
    beforeEach(function () {
      this.currentTest?.timeout(40_000 * patience);
    });
    after(() => fixture.close());

    const service = (workload: string, change: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
      name: workload,
      kind: "service",
      command: fixture.command("service"),
      requests: { cpuCores: 0.1, memoryBytes: 64 * 1024 ** 2 },
      replicas: 1,
      ports: [{ name: "http", port: 0 }],
      readiness: { port: "http", path: "/", periodSeconds: 0.2 },
      gracePeriodSeconds: 2,
      ...change,
    });
    const job = (workload: string, change: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
      name: workload,
      kind: "job",
      command: fixture.command("job"),
      requests: { cpuCores: 0.1, memoryBytes: 64 * 1024 ** 2 },
      replicas: 1,
      ...change,
    });
    const until = (workload: string, check: (status: WorkloadStatus) => void): Promise<WorkloadStatus> =>
      eventually(async () => {
        const status = await cluster.get(workload);
        assert.ok(status, `workload ${workload} exists`);
        check(status);
        return status;
      }, 20_000 * patience);
    const soon = <T>(check: () => T | Promise<T>): Promise<T> => eventually(check, 15_000 * patience);
    const untilPhase = (workload: string, phase: WorkloadStatus["phase"]): Promise<WorkloadStatus> =>
      until(workload, (status) => {
        assert.equal(status.phase, phase, JSON.stringify(status.replicas));
      });
    const ask = async (address: string | undefined): Promise<{ replica: string; pid: number; version?: string }> => {
      assert.ok(address, "there is an address");
      const answer = await fetch(`http://${address}/work`, {
        headers: { connection: "close" },
        signal: AbortSignal.timeout(8_000),
      });
      assert.equal(answer.status, 200);
      return (await answer.json()) as { replica: string; pid: number };
    };

    it("has nodes with sane capacity", async () => {
      const nodes = await cluster.nodes();
      assert.ok(nodes.length > 0);
      for (const { ready, capacity, allocatable } of nodes) {
        assert.ok(ready);
        assert.ok(capacity.cpuCores > 0 && capacity.memoryBytes > 64 * 1024 ** 2, JSON.stringify(capacity));
        assert.ok(allocatable.cpuCores > 0 && allocatable.cpuCores < capacity.cpuCores);
        assert.ok(allocatable.memoryBytes > 0 && allocatable.memoryBytes < capacity.memoryBytes);
      }
    });

    it("runs a service whose endpoints answer, and deletes it", async () => {
      const applied = await cluster.apply(service("web", { labels: { team: "a" } }));
      assert.equal(applied.generation, 1);
      assert.equal(applied.phase, "progressing");
      const ready = await untilPhase("web", "ready");
      const [replica] = ready.replicas;
      assert.equal((await ask(ready.endpoints["http"])).replica, replica?.name);
      assert.equal((await ask(replica?.endpoints["http"])).replica, replica?.name);
      assert.deepEqual(ready.spec.labels, { team: "a" });
      assert.ok((await cluster.list()).some((status) => status.spec.name === "web"));
      assert.equal((await cluster.apply(service("web", { labels: { team: "a" } }))).generation, 1, "nothing changed");

      await cluster.delete("web");
      assert.equal(await cluster.get("web"), undefined);
      await assert.rejects(ask(ready.endpoints["http"]));
      await assert.rejects(ask(replica?.endpoints["http"]));
      await cluster.delete("web");
    });

    it("scales up and down, and leaves an autoscaler's number alone", async () => {
      const spec = service("scaled", { scaledBy: "test" });
      await cluster.apply(spec);
      assert.equal((await cluster.scale("scaled", 3)).desiredReplicas, 3);
      const up = await untilPhase("scaled", "ready");
      assert.equal(up.readyReplicas, 3);
      // A proxy hears of new replicas a moment after they are ready.
      await soon(async () => {
        const answers = await Promise.all(Array.from({ length: 60 }, () => ask(up.endpoints["http"])));
        assert.equal(new Set(answers.map((answer) => answer.replica)).size, 3, "connections are spread over all");
      });
      assert.equal((await cluster.apply(spec)).desiredReplicas, 3);
      await cluster.scale("scaled", 1);
      const down = await until("scaled", (status) => {
        assert.equal(status.replicas.length, 1);
      });
      const mayStay = fixture.keepsOldest === false ? up.replicas : up.replicas.slice(0, 1);
      assert.ok(
        mayStay.some((replica) => replica.name === down.replicas[0]?.name),
        "a replica of before stays, the oldest",
      );
      await cluster.delete("scaled");
    });

    it("starts a killed replica again in its place", async () => {
      await cluster.apply(service("killed"));
      const before = (await untilPhase("killed", "ready")).replicas[0];
      assert.ok(before);
      await fixture.kill("killed", before.name);
      const after = await until("killed", (status) => {
        assert.equal(status.replicas[0]?.restarts, before.restarts + 1);
        assert.equal(status.phase, "ready");
      });
      assert.equal(after.replicas[0]?.name, before.name);
      const { pid } = await ask(after.endpoints["http"]);
      assert.notEqual(pid, before.pid);
      await cluster.delete("killed");
    });

    it("backs off from a crash loop with the reason, and heals when applied again", async () => {
      await cluster.apply(service("crashing", { environment: { EXIT_AFTER_MS: "0", EXIT_CODE: "7" } }));
      const crashed = await until("crashing", (status) => {
        assert.equal(status.replicas[0]?.phase, "backoff");
      });
      assert.match(crashed.replicas[0]?.reason ?? "", /code 7/);
      assert.equal(crashed.phase, "degraded");
      const healed = await cluster.apply(service("crashing"));
      assert.equal(healed.generation, 2);
      await untilPhase("crashing", "ready");
      await cluster.delete("crashing");
    });

    it("restarts a replica whose liveness probe fails", async () => {
      await cluster.apply(
        service("hanging", {
          liveness: { port: "http", path: "/", periodSeconds: 0.2, timeoutSeconds: 1, failureThreshold: 2 },
        }),
      );
      const ready = await untilPhase("hanging", "ready");
      await fetch(`http://${ready.replicas[0]?.endpoints["http"] ?? ""}/hang`);
      await until("hanging", (status) => {
        assert.equal(status.replicas[0]?.restarts, 1);
        assert.equal(status.phase, "ready");
      });
      await cluster.delete("hanging");
    });

    it("runs jobs: to completion, to failure, suspended and resumed", async () => {
      const failing = job("job-failing", { environment: { EXIT_CODE: "3" } });
      await cluster.apply(failing);
      await cluster.apply(job("job-done", { replicas: 2 }));
      await cluster.apply(job("job-held", { environment: { DURATION_MS: "60000" }, suspended: true }));
      const done = await untilPhase("job-done", "succeeded");
      assert.deepEqual(
        done.replicas.map((replica) => replica.phase),
        ["succeeded", "succeeded"],
      );
      await cluster.suspend("job-done");
      assert.equal((await cluster.resume("job-done")).phase, "succeeded", "what is complete is not run again");

      const held = await cluster.get("job-held");
      assert.equal(held?.phase, "suspended");
      assert.equal(held.replicas.length, 0);
      await cluster.resume("job-held");
      await until("job-held", (status) => {
        assert.equal(status.readyReplicas, 1);
      });
      await cluster.suspend("job-held");
      await until("job-held", (status) => {
        assert.equal(status.phase, "suspended");
        assert.equal(status.replicas.length, 0);
      });
      await cluster.apply(job("job-held", { environment: { DURATION_MS: "1" } }));
      await untilPhase("job-held", "succeeded");

      const failed = await untilPhase("job-failing", "failed");
      assert.equal(failed.replicas[0]?.restarts, 3);
      assert.match(failed.replicas[0].reason ?? "", /code 3/);
      for (const each of ["job-done", "job-held", "job-failing"]) await cluster.delete(each);
    });

    it("holds a job that waits for admission until it is resumed, and lets it be when applied again", async () => {
      const spec = job("job-admitted", {
        environment: { DURATION_MS: "60000" },
        annotations: { [KUBERNETES_ANNOTATIONS.admission]: "elastic-resource-manager" },
      });
      const applied = await cluster.apply(spec);
      assert.equal(applied.phase, "suspended");
      assert.equal(applied.replicas.length, 0);
      await cluster.resume("job-admitted", { annotations: { [KUBERNETES_ANNOTATIONS.allocation]: "alloc-1" } });
      const running = await until("job-admitted", (status) => {
        assert.equal(status.readyReplicas, 1);
      });
      assert.equal(running.spec.annotations?.[KUBERNETES_ANNOTATIONS.allocation], "alloc-1");
      const again = await cluster.apply(spec);
      assert.notEqual(again.phase, "suspended");
      assert.equal(again.spec.annotations?.[KUBERNETES_ANNOTATIONS.allocation], "alloc-1");
      await cluster.delete("job-admitted");
    });

    it("isolates a workload, keeps what ran as evidence, and releases it with new replicas", async () => {
      const spec = service("suspect", { replicas: 2, scaledBy: "test" });
      const conflict = { code: "MNO_WORKLOAD_CONFLICT" };
      await cluster.apply(spec);
      const before = await untilPhase("suspect", "ready");
      const names = before.replicas.map((replica) => replica.name).sort();
      const isolated = await cluster.isolate("suspect", { reason: "response rsp_1" });
      assert.equal(isolated.phase, "suspended");
      assert.equal(isolated.isolation?.reason, "response rsp_1");
      assert.deepEqual([...isolated.isolation.held].sort(), names, "what ran is kept");
      await soon(() => assert.rejects(ask(before.endpoints["http"]), "its address answers no more"));
      await until("suspect", (status) => {
        assert.deepEqual(status.replicas, [], "what is held is in service no more");
      });

      const again = await cluster.isolate("suspect", { reason: "response rsp_2" });
      assert.deepEqual(again.isolation, isolated.isolation, "once is enough");
      await assert.rejects(cluster.resume("suspect"), conflict);
      assert.equal((await cluster.scale("suspect", 1)).phase, "suspended");
      const applied = await cluster.apply({ ...spec, environment: { VERSION: "mended" } });
      assert.deepEqual([applied.phase, applied.isolation], ["suspended", isolated.isolation]);
      assert.ok((await cluster.list()).some((status) => status.isolation && status.spec.name === "suspect"));

      assert.equal((await cluster.release("suspect")).isolation, undefined);
      const released = await untilPhase("suspect", "ready");
      assert.equal(released.replicas.length, 1);
      assert.ok(!names.includes(released.replicas[0]?.name ?? ""), "what was held does not come back");
      await soon(async () => assert.equal((await ask(released.endpoints["http"])).version, "mended"));
      const { generation } = await cluster.release("suspect");
      assert.equal(generation, released.generation, "nothing changed");

      await cluster.suspend("suspect");
      await cluster.isolate("suspect", { reason: "response rsp_3" });
      assert.equal((await cluster.release("suspect")).phase, "suspended", "what was suspended before stays so");
      await cluster.resume("suspect");
      await untilPhase("suspect", "ready");
      await cluster.isolate("suspect", { reason: "response rsp_4" });
      await cluster.delete("suspect");
      assert.equal(await cluster.get("suspect"), undefined);
      for (const work of [cluster.isolate("suspect", { reason: "r" }), cluster.release("suspect")])
        await assert.rejects(work, { code: "MNO_WORKLOAD_NOT_FOUND" });
    });

    it("rolls a change under load without one failed request", async () => {
      const rolling = (version: string): WorkloadSpec =>
        service("rolling", { replicas: 2, environment: { VERSION: version } });
      await cluster.apply(rolling("one"));
      const before = await untilPhase("rolling", "ready");
      const versions = new Set<string | undefined>();
      const failures: unknown[] = [];
      let requests = 0;
      const load = { on: true };
      const clients = Array.from({ length: 4 }, async () => {
        while (load.on) {
          requests += 1;
          await ask(before.endpoints["http"]).then(
            (answer) => versions.add(answer.version),
            (error: unknown) => failures.push(error),
          );
        }
      });
      try {
        await cluster.apply(rolling("two"));
        const after = await untilPhase("rolling", "ready");
        assert.equal(after.endpoints["http"], before.endpoints["http"], "the address is stable");
        const old = before.replicas.map((replica) => replica.name);
        assert.ok(
          after.replicas.every((replica) => replica.phase === "stopping" || !old.includes(replica.name)),
          "every replica is new",
        );
        await soon(() => {
          assert.ok(versions.has("two"));
        });
      } finally {
        load.on = false;
        await Promise.all(clients);
      }
      assert.deepEqual(failures, [], `of ${String(requests)} requests`);
      assert.deepEqual([...versions].sort(), ["one", "two"]);
      await cluster.delete("rolling");
    });

    it("refuses what is not valid, another owner's workload and a port that is taken", async () => {
      const rejects = (
        work: Promise<unknown>,
        code: string,
        check: (error: MnoError) => void = () => undefined,
      ): Promise<void> =>
        assert.rejects(work, (error: unknown) => {
          assert.ok(error instanceof MnoError, String(error));
          assert.equal(error.code, code, error.message);
          check(error);
          return true;
        });
      const invalid = service("invalid", { command: [], replicas: 501 });
      await rejects(cluster.apply(invalid), "MNO_WORKLOAD_INVALID", (error) => {
        assert.deepEqual(error.faults.map((fault) => fault.field).sort(), ["/command", "/replicas"]);
      });
      const owned = await cluster.apply(service("owned", { owner: "a", replicas: 0 }));
      await rejects(cluster.apply(service("owned", { owner: "b" })), "MNO_WORKLOAD_CONFLICT");
      await rejects(cluster.scale("absent", 1), "MNO_WORKLOAD_NOT_FOUND");
      await rejects(cluster.scale("owned", -1), "MNO_WORKLOAD_INVALID");
      const port = Number(owned.endpoints["http"]?.split(":")[1]);
      const second = service("second", { ports: [{ name: "http", port }], replicas: 0 });
      if (fixture.sharedAddress === false) {
        const { endpoints } = await cluster.apply(second);
        assert.notEqual(endpoints["http"], owned.endpoints["http"], "the same number on an address of its own");
        await cluster.delete("second");
      } else {
        await rejects(cluster.apply(second), "MNO_PORT_IN_USE", (error) => {
          assert.match(error.message, new RegExp(String(port)));
        });
      }
      await cluster.delete("owned");
    });

    it("watches: what exists, each change, the end", async () => {
      await cluster.apply(service("watched"));
      const stop = new AbortController();
      const events: WorkloadEvent[] = [];
      const watching = (async () => {
        for await (const event of cluster.watch(stop.signal))
          if (event.status.spec.name === "watched") events.push(event);
      })();
      await soon(() => {
        assert.equal(events[0]?.type, "applied");
        assert.equal(events.at(-1)?.status.phase, "ready");
      });
      await cluster.scale("watched", 2);
      await cluster.delete("watched");
      await soon(() => {
        assert.equal(events.at(-1)?.type, "deleted");
      });
      const seen = events.map((event) => event.status.desiredReplicas);
      assert.ok(seen.includes(1) && seen.includes(2));
      stop.abort();
      await watching;
    });

    it("keeps logs, without the secrets, which no other read shows either", async () => {
      const secret = "canary-4d1f77";
      const events: WorkloadEvent[] = [];
      const stop = new AbortController();
      const watching = (async () => {
        for await (const event of cluster.watch(stop.signal)) events.push(event);
      })();
      const applied = await cluster.apply(
        service("talking", { environment: { VERSION: "nine" }, secretEnvironment: { SECRET: secret } }),
      );
      assert.deepEqual(applied.spec.secretEnvironment, { SECRET: "***" });
      await untilPhase("talking", "ready");
      const lines = await soon(async () => {
        const read = await cluster.logs("talking", { lines: 10 });
        assert.ok(read.some((line) => line.includes("the secret is ***")));
        return read;
      });
      assert.match(lines[0] ?? "", /version nine/);
      assert.equal((await cluster.logs("talking", { lines: 1 })).length, 1);
      const invalid = service("talking", { secretEnvironment: { SECRET: secret, "NOT VALID": secret }, replicas: -1 });
      const refusal = await cluster.apply(invalid).catch((error: unknown) => error as MnoError);
      assert.ok(refusal instanceof MnoError);
      const reads = { lines, events, list: await cluster.list(), message: refusal.message, faults: refusal.faults };
      assert.ok(events.length > 0);
      assert.ok(!JSON.stringify(reads).includes(secret));
      stop.abort();
      await watching;
      await cluster.delete("talking");
    });
  });
}
