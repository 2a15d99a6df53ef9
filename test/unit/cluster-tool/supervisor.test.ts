import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../../runtime/kernel/process-identity";
import { Supervisor } from "../../../tools/cluster/supervisor";

describe("the supervisor of the test cluster's programs", () => {
  let directory: string;
  let supervisor: Supervisor;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "mno-supervisor-"));
    supervisor = new Supervisor(directory, []);
  });
  afterEach(async () => {
    await supervisor.stop("program", "SIGKILL");
    rmSync(directory, { recursive: true, force: true });
  });

  const forever = [process.execPath, "-e", "setInterval(() => {}, 1000)"];

  it("starts a program once, and another supervisor of the folder ends it", async () => {
    await supervisor.start("program", forever);
    const first = supervisor.alive("program");
    assert.ok(first && isAlive(first));
    await supervisor.start("program", forever);
    assert.deepEqual(supervisor.alive("program"), first);

    await new Supervisor(directory, []).stop("program");
    assert.equal(isAlive(first), false);
    assert.equal(supervisor.alive("program"), undefined);
  });

  it("takes no other process of the same number for its own", async () => {
    await supervisor.start("program", forever);
    const identity = supervisor.alive("program");
    assert.ok(identity);
    const record = join(directory, "processes", "program.json");
    writeFileSync(record, JSON.stringify({ ...identity, startedAt: "1" }));
    assert.equal(supervisor.alive("program"), undefined);
    writeFileSync(record, JSON.stringify(identity));
  });

  it("starts inside namespaces by a command that forks, and keeps track of the program itself", async () => {
    const inside = new Supervisor(directory, ["unshare", "--user", "--fork"]);
    await inside.start("program", forever);
    const identity = inside.alive("program");
    assert.ok(identity);
    await inside.stop("program", "SIGKILL");
    assert.equal(isAlive(identity), false);
  });

  it("names the program and shows the end of its log", () => {
    const failure = supervisor.failure("etcd", "ended");
    assert.equal(failure.code, "MNO_CLUSTER_COMPONENT_FAILED");
    assert.match(failure.message, /^etcd ended\. The end of .*etcd\.log/);
  });

  it("says which program cannot be started at all", async () => {
    await assert.rejects(supervisor.start("program", [join(directory, "no-such-program")]), {
      code: "MNO_CLUSTER_COMPONENT_FAILED",
      message: /ENOENT/,
    });
  });
});
