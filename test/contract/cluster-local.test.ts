import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { GREEN_ANNOTATIONS, KUBERNETES_ANNOTATIONS, type MnoError, type WorkloadSpec } from "../../runtime/exports";
import type { Cluster, WorkloadEvent, WorkloadStatus } from "../../runtime/kernel/cluster/cluster";
import { openCluster } from "../../runtime/kernel/cluster/open";
import { eventually, TestSupervisor } from "../support/supervisor";
import { clusterContract } from "./cluster";

const program = (name: string): string[] => [process.execPath, join(__dirname, "../support/workloads", `${name}.js`)];

clusterContract("local", async () => {
  const supervisor = new TestSupervisor();
  await supervisor.start();
  const cluster = openCluster(`local:${supervisor.directory}`);
  return {
    cluster,
    command: program,
    kill: async (workload, replica) => {
      const status = await cluster.get(workload);
      const pid = status?.replicas.find((each) => each.name === replica)?.pid;
      assert.ok(pid);
      process.kill(pid, "SIGKILL");
    },
    close: async () => {
      const left = supervisor.workloadProcesses();
      await cluster.close();
      await supervisor.close();
      assert.deepEqual(left, [], "the tests left nothing running");
      assert.ok(!supervisor.output.includes("canary-4d1f77"), "the supervisor's own log has no secret");
    },
  };
});

describe("local cluster: its supervisor", function () {
  this.timeout(40_000);
  let supervisor: TestSupervisor;
  let cluster: Cluster;

  beforeEach(async () => {
    supervisor = new TestSupervisor();
    await supervisor.start();
    cluster = openCluster(`local:${supervisor.directory}`);
  });
  afterEach(async () => {
    await cluster.close();
    await supervisor.close();
  });

  const service = (name: string, change: Partial<WorkloadSpec> = {}): WorkloadSpec => ({
    name,
    kind: "service",
    command: program("service"),
    requests: { cpuCores: 0.1, memoryBytes: 64 * 1024 ** 2 },
    replicas: 1,
    ports: [{ name: "http", port: 0 }],
    readiness: { port: "http", path: "/", periodSeconds: 0.2 },
    gracePeriodSeconds: 1,
    ...change,
  });
  const ready = (name: string): Promise<WorkloadStatus> =>
    eventually(async () => {
      const status = await cluster.get(name);
      assert.equal(status?.phase, "ready", JSON.stringify(status));
      return status;
    });

  it("has patience with a replica that blocks after its first answer, until it was ready once", async () => {
    await cluster.apply(
      service("slow", {
        environment: { BLOCK_BEFORE_READY_MS: "1500" },
        readiness: { port: "http", path: "/ready", periodSeconds: 0.2 },
        liveness: { port: "http", path: "/", periodSeconds: 0.2, timeoutSeconds: 0.2, failureThreshold: 2 },
      }),
    );
    const { replicas } = await ready("slow");
    assert.deepEqual(
      replicas.map(({ restarts }) => restarts),
      [0],
    );
  });

  it("after kill -9 the next one ends what was left, starts everything anew, and a watch goes on", async () => {
    const stop = new AbortController();
    const events: WorkloadEvent[] = [];
    const watching = (async () => {
      for await (const event of cluster.watch(stop.signal)) events.push(event);
    })();
    // The second one does not obey SIGTERM and has a child of its own.
    await cluster.apply(service("one", { replicas: 2 }));
    await cluster.apply(service("two", { environment: { IGNORE_SIGTERM: "1", GRANDCHILD: "1" } }));
    await cluster.apply({
      ...service("done"),
      kind: "job",
      command: program("job"),
      ports: [],
      readiness: undefined,
    });
    const before = await ready("one");
    await ready("two");
    const job = await eventually(async () => {
      const status = await cluster.get("done");
      assert.equal(status?.phase, "succeeded");
      return status;
    });
    const left = supervisor.workloadProcesses();
    assert.equal(left.length, 4);

    await supervisor.kill("SIGKILL");
    assert.deepEqual(supervisor.workloadProcesses(), left, "they outlive the supervisor");
    await supervisor.start();
    const after = await ready("one");
    await ready("two");
    const now = supervisor.workloadProcesses();
    assert.equal(now.length, 4, "nothing runs twice");
    assert.ok(now.every((pid) => !left.includes(pid)));
    assert.deepEqual(after.endpoints, before.endpoints);
    assert.deepEqual((await cluster.get("done"))?.replicas, job.replicas, "a completed job is not run again");

    await eventually(() => {
      const last = events.filter((event) => event.status.spec.name === "one").at(-1);
      assert.deepEqual(
        last?.status.replicas.map((replica) => replica.pid),
        after.replicas.map((replica) => replica.pid),
      );
    });
    assert.equal(events.filter((event) => event.type === "applied" && event.status.spec.name === "one").length, 1);
    stop.abort();
    await watching;
  });

  it("ends everything at SIGTERM, and keeps what is desired", async () => {
    await cluster.apply(service("stubborn", { environment: { IGNORE_SIGTERM: "1", GRANDCHILD: "1" } }));
    await cluster.apply(service("polite"));
    const { endpoints } = await ready("stubborn");
    assert.equal(supervisor.workloadProcesses().length >= 2, true);
    assert.equal(await supervisor.kill("SIGTERM"), 0);
    assert.deepEqual(supervisor.workloadProcesses(), []);
    assert.deepEqual(readdirSync(supervisor.directory).sort(), ["logs", "workloads.json"]);
    await supervisor.start();
    assert.deepEqual((await ready("stubborn")).endpoints, endpoints);
  });

  it("refuses a second supervisor in its folder", async () => {
    const second = await supervisor.startSecond();
    assert.equal(second.code, 1);
    assert.match(second.output, new RegExp(`MNO_STATE_LOCKED.*${String(supervisor.pid)}`));
    assert.ok(existsSync(join(supervisor.directory, "supervisor.json")), "the first one goes on");
  });

  it("answers only who has the token, by its own name, and shuts down on request", async () => {
    const file = join(supervisor.directory, "supervisor.json");
    for (const name of ["supervisor.json", "supervisor.lock"]) {
      assert.equal(statSync(join(supervisor.directory, name)).mode & 0o777, 0o600);
    }
    const { url, token } = JSON.parse(readFileSync(file, "utf8")) as { url: string; token: string };
    const ask = async (
      method: string,
      path: string,
      headers: Record<string, string>,
      body?: string,
    ): Promise<[number, string]> => {
      const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
      const { code } = (await answer.json()) as { code: string };
      return [answer.status, code];
    };
    const authorization = `Bearer ${token}`;
    assert.deepEqual(await ask("GET", "/v1/workloads", {}), [401, "MNO_UNAUTHENTICATED"]);
    assert.deepEqual(await ask("GET", "/v1/workloads", { authorization: `${authorization}x` }), [
      401,
      "MNO_UNAUTHENTICATED",
    ]);
    assert.deepEqual(await ask("GET", "/v1/nothing", { authorization }), [404, "MNO_NOT_FOUND"]);
    const malformed = { authorization, "content-type": "application/json" };
    assert.deepEqual(await ask("PUT", "/v1/workloads/x", malformed, "{"), [400, "MNO_REQUEST_MALFORMED"]);
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(
      `GET /v1/nodes HTTP/1.1\r\nHost: evil.example\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`,
    );
    const [first] = (await once(socket, "data")) as [Buffer];
    assert.match(first.toString(), /^HTTP\/1.1 421 /);
    socket.destroy();

    assert.equal((await fetch(`${url}/v1/shutdown`, { method: "POST", headers: { authorization } })).status, 202);
    assert.equal(await supervisor.ended(), 0);
    assert.ok(!existsSync(file));
    await assert.rejects(cluster.nodes(), (error: MnoError) => {
      assert.equal(error.code, "MNO_CLUSTER_UNREACHABLE");
      assert.ok(error.message.includes(supervisor.directory) && error.message.includes("npm start"));
      return true;
    });
  });

  it("moves a direct port from the old replica to the new, and names a port that another process has", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    for (const direct of [true, false]) {
      await assert.rejects(
        cluster.apply(service("direct", { ports: [{ name: "http", port, direct }] })),
        (error: MnoError) => {
          assert.equal(error.code, "MNO_PORT_IN_USE");
          assert.match(error.message, new RegExp(`[Aa]nother process.*${String(port)}`));
          return true;
        },
      );
    }
    taken.close();
    await once(taken, "close");
    const spec = service("direct", { ports: [{ name: "http", port, direct: true }] });
    await cluster.apply(spec);
    const first = await ready("direct");
    assert.equal(first.endpoints["http"], `127.0.0.1:${String(port)}`);
    assert.equal(first.replicas[0]?.endpoints["http"], first.endpoints["http"]);
    await cluster.apply({ ...spec, environment: { VERSION: "two" } });
    await ready("direct");
    const answer = (await (await fetch(`http://127.0.0.1:${String(port)}/`)).json()) as {
      version: string;
      environment: string[];
    };
    assert.equal(answer.version, "two");
    assert.ok(!answer.environment.includes("MNO_CANARY"), "the supervisor's own environment stays its own");
    assert.ok(answer.environment.includes("PORT_HTTP"));
    // From direct to balanced on the same number: the proxy binds when the old replica has let go.
    await cluster.apply({ ...spec, ports: [{ name: "http", port }] });
    const balanced = await ready("direct");
    assert.equal(balanced.endpoints["http"], `127.0.0.1:${String(port)}`);
    assert.notEqual(balanced.replicas[0]?.endpoints["http"], balanced.endpoints["http"]);
    assert.equal((await fetch(`http://127.0.0.1:${String(port)}/`)).status, 200);
  });

  it("holds a job that is over for another run, which outlives the supervisor, and no other workload", async () => {
    const phase = (wanted: WorkloadStatus["phase"]): Promise<WorkloadStatus> =>
      eventually(async () => {
        const status = await cluster.get("nightly");
        assert.equal(status?.phase, wanted, JSON.stringify(status));
        return status;
      });
    const own = { note: "nightly" };
    const nightly = service("nightly", {
      ...{ kind: "job", command: program("job"), ports: [], readiness: undefined },
      annotations: { ...own, [KUBERNETES_ANNOTATIONS.admission]: "green-scheduler" },
    });
    const released = { annotations: { [GREEN_ANNOTATIONS.decision]: "dec_1" } };
    await cluster.apply(nightly);
    await cluster.resume("nightly", released);
    const first = await phase("succeeded");
    const held = await cluster.renew!("nightly");
    assert.deepEqual([held.phase, held.replicas.filter(({ phase: one }) => one === "succeeded")], ["suspended", []]);
    await assert.rejects(cluster.renew!("nightly"), { code: "MNO_WORKLOAD_CONFLICT" });
    assert.deepEqual(held.spec.annotations, nightly.annotations, "what let it run before is forgotten");
    await supervisor.kill("SIGKILL");
    await supervisor.start();
    await phase("suspended");
    await cluster.resume("nightly", released);
    const second = await phase("succeeded");
    assert.notEqual(second.replicas[0]?.startedAt, first.replicas[0]?.startedAt);
    await cluster.apply(nightly);
    const again = await phase("succeeded");
    assert.deepEqual([again.replicas, again.spec], [second.replicas, second.spec], "applied again it is as it was");
    await cluster.apply(service("web"));
    await assert.rejects(cluster.renew!("web"), { code: "MNO_WORKLOAD_CONFLICT" });
  });

  it("halts an isolated workload with its children and its connections, also for the next supervisor", async () => {
    await cluster.apply(service("suspect", { environment: { IGNORE_SIGTERM: "1", GRANDCHILD: "1" } }));
    const { endpoints, replicas } = await ready("suspect");
    const [host, port] = (endpoints["http"] ?? "").split(":");
    const open = connect(Number(port), host);
    await once(open, "connect");
    const ended = once(open, "close");
    const processes = supervisor.workloadProcesses();
    const { pid = 0 } = replicas[0] ?? {};
    const { isolation } = await cluster.isolate("suspect", { reason: "response rsp_1" });
    assert.deepEqual(isolation?.held, [replicas[0]?.name]);
    await ended;
    const state = (process: number): string | undefined =>
      readFileSync(`/proc/${String(process)}/stat`, "utf8")
        .split(") ")[1]
        ?.charAt(0);
    assert.ok(processes.includes(pid));
    await eventually(() =>
      assert.deepEqual(
        processes.map(state),
        processes.map(() => "T"),
        "stopped by a signal",
      ),
    );
    const refused = connect(Number(port), host);
    refused.on("error", () => undefined);
    await once(refused, "close");

    await supervisor.kill("SIGKILL");
    await supervisor.start();
    const after = await cluster.get("suspect");
    assert.deepEqual(
      [after?.phase, after?.isolation],
      ["suspended", { ...isolation, held: [] }],
      "and the evidence is gone",
    );
    assert.deepEqual(supervisor.workloadProcesses(), [], "nothing of it runs");
    await cluster.release("suspect");
    await ready("suspect");
    await cluster.isolate("suspect", { reason: "response rsp_2" });
    const halted = supervisor.workloadProcesses();
    assert.ok(halted.length > 0);
    await cluster.release("suspect");
    await ready("suspect");
    assert.ok(
      supervisor.workloadProcesses().every((each) => !halted.includes(each)),
      "what was halted is gone",
    );
  });

  it("reports what replicas use", async () => {
    await cluster.apply(service("measured"));
    await eventually(async () => {
      const usage = (await cluster.get("measured"))?.replicas[0]?.usage;
      assert.ok(usage && usage.memoryBytes > 10 * 1024 ** 2 && usage.memoryBytes < 1024 ** 3, JSON.stringify(usage));
      assert.ok(usage.cpuCores >= 0 && usage.cpuCores < 2);
    });
    await cluster.close();
  });
});
