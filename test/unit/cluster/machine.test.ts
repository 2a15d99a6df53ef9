import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type MnoError } from "../../../runtime/exports";
import { LogFile } from "../../../runtime/kernel/cluster/local/log-file";
import { allocatable, cgroupLimits } from "../../../runtime/kernel/cluster/local/node-info";
import { readLines } from "../../../runtime/kernel/cluster/local/output";
import { secretMask } from "../../../runtime/kernel/cluster/secret-mask";
import { identifySelf, isAlive, parseStat, type ProcessRow } from "../../../runtime/kernel/process-identity";
import { acquireProcessLock } from "../../../runtime/kernel/process-lock";
import { UsageSampler } from "../../../runtime/kernel/cluster/local/usage";

const GIB = 1024 ** 3;

describe("node info", () => {
  const limits = (files: Record<string, string>): unknown => cgroupLimits((path) => files[path]);

  it("takes the tightest limit of the group and its ancestors, in version 2 and 1", () => {
    const v2 = {
      "/proc/self/cgroup": "0::/a/b\n",
      "/sys/fs/cgroup/a/cpu.max": "150000 100000\n",
      "/sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/a/memory.max": "max\n",
      "/sys/fs/cgroup/a/b/memory.max": `${String(GIB)}\n`,
    };
    assert.deepEqual(limits(v2), { cpuCores: 1.5, memoryBytes: GIB });
    const v1 = {
      "/proc/self/cgroup": "4:cpu,cpuacct:/x\n9:memory:/x\n0::/\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n",
      "/sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/x/memory.limit_in_bytes": `${String(2 * GIB)}\n`,
    };
    assert.deepEqual(limits(v1), { cpuCores: 0.5, memoryBytes: 2 * GIB });
    assert.deepEqual(limits({}), { cpuCores: Infinity, memoryBytes: Infinity });
  });

  it("reserves a tenth, but no more than half a core and 1 GiB", () => {
    assert.deepEqual(allocatable({ cpuCores: 2, memoryBytes: 5 * GIB }), { cpuCores: 1.8, memoryBytes: 4.5 * GIB });
    assert.deepEqual(allocatable({ cpuCores: 64, memoryBytes: 64 * GIB }), { cpuCores: 63.5, memoryBytes: 63 * GIB });
  });
});

describe("processes", () => {
  it("reads /proc/<pid>/stat whatever the program is called", () => {
    const fields = Array.from({ length: 52 }, (_, index) => String(index + 1));
    const line = (state: string): string => `42 (a) R (b c) ${state} ${fields.slice(3).join(" ")}`;
    assert.deepEqual(parseStat(line("S")), { pid: 42, startedAt: "22", group: 5, cpuTicks: 29, residentPages: 24 });
    assert.equal(parseStat(line("Z")), undefined, "a zombie is gone");
  });

  it("knows itself, and not an earlier process with its number", () => {
    assert.ok(isAlive(identifySelf()));
    assert.ok(!isAlive({ ...identifySelf(), startedAt: "1" }));
  });
});

describe("UsageSampler", () => {
  it("sums a group's processes over the period between two samples", () => {
    const sampler = new UsageSampler({ ticksPerSecond: 100, pageBytes: 4096 });
    const row = (pid: number, cpuTicks: number): ProcessRow => ({
      pid,
      startedAt: "1",
      group: 7,
      cpuTicks,
      residentPages: 2,
    });
    sampler.sample(0, [row(7, 1000), row(8, 500)]);
    assert.equal(sampler.of(7), undefined);
    sampler.sample(2000, [row(7, 1100), row(9, 20)]);
    assert.deepEqual(sampler.of(7), { cpuCores: 0.6, memoryBytes: 4 * 4096 });
    sampler.sample(4000, undefined);
    assert.ok(sampler.of(7), "without /proc nothing changes");
  });
});

describe("in a folder", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "mno-cluster-unit-"))));
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("a log rotates by size, and its tail reaches into the rotated part", async () => {
    const log = new LogFile(join(folder, "x.log"), 100);
    const lines = Array.from({ length: 20 }, (_, n) => `line ${String(n).padStart(3, "0")}`); // 9 bytes each
    for (const line of lines) await log.append([line]);
    assert.ok(statSync(join(folder, "x.log")).size <= 100);
    assert.deepEqual(await log.tail(1), ["line 019"]);
    assert.deepEqual(await log.tail(12), lines.slice(-12));
    await log.remove();
    assert.deepEqual(await log.tail(5), []);
  });

  it("a lock names its holder while that lives, and is taken over from the dead", () => {
    const path = join(folder, "lock");
    const release = acquireProcessLock(path, "a test");
    assert.throws(
      () => acquireProcessLock(path, "a test"),
      (error: MnoError) => error.code === "MNO_STATE_LOCKED" && error.message.includes(String(process.pid)),
    );
    release();
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: "1" }));
    acquireProcessLock(path, "a test")();
  });
});

describe("output", () => {
  it("is cut into lines, whatever the chunks, and a long one into pieces", async () => {
    const lines: string[] = [];
    const euro = Buffer.from("€");
    const chunks = [
      Buffer.from("a\nb"),
      Buffer.from("c\n"),
      euro.subarray(0, 1),
      euro.subarray(1),
      Buffer.from(`\n${"x".repeat(70_000)}`),
    ];
    await readLines(Readable.from(chunks), async (batch) => void lines.push(...batch));
    assert.deepEqual(lines.slice(0, 3), ["a", "bc", "€"]);
    assert.deepEqual(
      lines.slice(3).map((line) => line.length),
      [65_536, 4464],
    );
  });

  it("has *** for secrets, also for each line of one", () => {
    const mask = secretMask({ A: "hunter22", B: "first-line\nsecond-line", C: "1" });
    assert.equal(mask("hunter22 and second-line, 1 time"), "*** and ***, 1 time");
  });
});
