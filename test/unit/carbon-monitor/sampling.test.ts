import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cpuTimesBetween,
  parseBusyTicks,
  parseProcessTimes,
  type ProcessTimes,
  readProcessSnapshot,
} from "../../../runtime/sustainability/carbon-monitor/process-table";
import {
  type LocalLook,
  parseNetworkBytes,
  readFrequencyShare,
  useBetween,
} from "../../../runtime/sustainability/carbon-monitor/local-machine";
import { type RaplReading, raplBetween, readRapl } from "../../../runtime/sustainability/carbon-monitor/rapl";

const row = (pid: number, group: number, own: number, children = 0, startedAt = "1"): ProcessTimes => ({
  pid,
  name: "p",
  group,
  own,
  children,
  startedAt,
});
const between = (before: ProcessTimes[], after: ProcessTimes[]): Record<string, number> =>
  Object.fromEntries(cpuTimesBetween({ processes: before, busyTicks: 0 }, { processes: after, busyTicks: 0 }).byGroup);

describe("carbon monitor: CPU time of processes", () => {
  it("sums a group's processes", () => {
    assert.deepEqual(
      between([row(1, 1, 10), row(2, 1, 5), row(3, 3, 7)], [row(1, 1, 14), row(2, 1, 6), row(3, 3, 7)]),
      {
        1: 5,
        3: 0,
      },
    );
  });

  it("finds the time of a child that ended in its parent's", () => {
    // The child had 5 ticks, used 3 more and ended: the parent's sum grew by 8.
    assert.deepEqual(between([row(1, 1, 10), row(2, 1, 5)], [row(1, 1, 11, 8)]), { 1: 4 });
    // One that came and went in between.
    assert.deepEqual(between([row(1, 1, 10)], [row(1, 1, 10, 6)]), { 1: 6 });
    // One that nobody waited for takes nothing away.
    assert.deepEqual(between([row(1, 1, 10), row(2, 1, 50)], [row(1, 1, 12)]), { 1: 2 });
  });

  it("a number given to another process begins at 0", () => {
    assert.deepEqual(between([row(1, 1, 100)], [row(1, 1, 3, 0, "9")]), { 1: 3 });
  });

  it("reads the fields of /proc, odd names included", () => {
    const line = "42 (a) (b c) S 1 40 40 0 -1 4194560 1 2 3 4 100 20 7 3 20 0 1 0 5555 1 2";
    assert.deepEqual(parseProcessTimes(line), {
      pid: 42,
      name: "a) (b c",
      group: 40,
      startedAt: "5555",
      own: 120,
      children: 10,
    });
    assert.equal(parseBusyTicks("cpu  10 2 3 1000 50 4 5 6 7 8\ncpu0 1 1 1\n"), 24);
  });

  it("sees this process", async function () {
    const snapshot = await readProcessSnapshot();
    if (process.platform !== "linux") return assert.equal(snapshot, undefined);
    assert.ok(snapshot!.processes.some(({ pid, own }) => pid === process.pid && own > 0));
    assert.ok(snapshot!.busyTicks > 0);
    assert.equal(await readProcessSnapshot("/nowhere"), undefined);
  });
});

describe("carbon monitor: RAPL", () => {
  let root: string;
  const zone = (id: string, name: string, energy: number | undefined, range = 1000): void => {
    mkdirSync(join(root, id), { recursive: true });
    writeFileSync(join(root, id, "name"), `${name}\n`);
    if (energy !== undefined) writeFileSync(join(root, id, "energy_uj"), `${String(energy)}\n`);
    writeFileSync(join(root, id, "max_energy_range_uj"), `${String(range)}\n`);
  };
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "mno-rapl-"));
    mkdirSync(join(root, "intel-rapl"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const zones = () => {
    const reading = readRapl(root);
    assert.ok("zones" in reading);
    return reading.zones;
  };

  it("adds packages and memory, never what they contain", () => {
    zone("intel-rapl:0", "package-0", 100);
    zone("intel-rapl:0:0", "core", 90);
    zone("intel-rapl:0:1", "dram", 30);
    zone("intel-rapl:1", "package-1", 200);
    zone("intel-rapl:2", "psys", 900);
    const before = zones();
    assert.deepEqual(
      before.map(({ id }) => id),
      ["intel-rapl:0", "intel-rapl:0:1", "intel-rapl:1"],
    );
    zone("intel-rapl:0", "package-0", 150);
    zone("intel-rapl:0:0", "core", 140);
    zone("intel-rapl:0:1", "dram", 40);
    zone("intel-rapl:2", "psys", 990);
    assert.deepEqual(raplBetween(before, zones(), 1), { joules: 50e-6, dramJoules: 10e-6 });
  });

  it("a counter that went back has wrapped at its range", () => {
    zone("intel-rapl:0", "package-0", 990);
    const before = zones();
    zone("intel-rapl:0", "package-0", 30);
    assert.deepEqual(raplBetween(before, zones(), 1), { joules: 40e-6, dramJoules: undefined });
  });

  it("a counter that went back by more than a processor can draw was set back", () => {
    zone("intel-rapl:0", "package-0", 9e9, 1e10);
    const before = zones();
    zone("intel-rapl:0", "package-0", 5, 1e10);
    const back = raplBetween(before, zones(), 0.5);
    assert.deepEqual(back, { fault: "intel-rapl:0 counted 1000 J in 0.5 s: it was set back between two looks" });
    assert.ok("joules" in raplBetween(before, zones(), 10), "in so long a time it may have wrapped");
  });

  it("says why there is no reading", () => {
    const fault = (at = root): string => {
      const reading = readRapl(at);
      assert.ok("fault" in reading);
      return reading.fault;
    };
    assert.match(fault(join(root, "none")), /this machine has no/);
    assert.match(fault(), /no package zone/);
    zone("intel-rapl:0", "package-0", undefined);
    assert.match(fault(), /energy_uj could not be read: ENOENT/);
    writeFileSync(join(root, "intel-rapl:0", "energy_uj"), "none\n");
    assert.match(fault(), /energy_uj could not be read: "none" is not a counter/);
  });

  it("without a reading the fault goes with the use", () => {
    zone("intel-rapl:0", "package-0", 990);
    const look = (rapl: RaplReading): LocalLook => ({
      processes: { processes: [], busyTicks: 0 },
      rapl,
      networkBytes: 5,
    });
    const good = look(readRapl(root));
    const none = look({ fault: "no counter" });
    assert.deepEqual(useBetween(good, good, 1).rapl, { joules: 0, dramJoules: undefined });
    assert.deepEqual(useBetween(good, none, 1).rapl, { fault: "no counter" });
    assert.deepEqual(useBetween(none, good, 1).rapl, { fault: "no counter" });
    zone("intel-rapl:1", "package-1", 1);
    assert.deepEqual(useBetween(good, look(readRapl(root)), 1).rapl, {
      fault: "the zones of RAPL changed between two looks",
    });
  });

  it("reads how fast the cores run, where the kernel tells", () => {
    const core = (id: number, now: number): void => {
      mkdirSync(join(root, `cpu${String(id)}`, "cpufreq"), { recursive: true });
      writeFileSync(join(root, `cpu${String(id)}`, "cpufreq", "scaling_cur_freq"), `${String(now)}\n`);
      writeFileSync(join(root, `cpu${String(id)}`, "cpufreq", "cpuinfo_max_freq"), "4000000\n");
    };
    assert.equal(readFrequencyShare(root), undefined);
    core(0, 4_000_000);
    core(1, 1_000_000);
    assert.equal(readFrequencyShare(root), 0.625);
    mkdirSync(join(root, "cpu2"));
    assert.equal(readFrequencyShare(root), undefined, "not of all, so of none");
  });

  it("counts what goes over the network, loopback apart", () => {
    const text = [
      "Inter-|   Receive                                                |  Transmit",
      "    lo: 1000 1 0 0 0 0 0 0 1000 1 0 0 0 0 0 0",
      "  eth0:  200 2 0 0 0 0 0 0   30 1 0 0 0 0 0 0",
    ].join("\n");
    assert.equal(parseNetworkBytes(text), 230);
  });

  it("zones that changed give no energy", () => {
    zone("intel-rapl:0", "package-0", 990);
    const before = zones();
    zone("intel-rapl:1", "package-1", 30);
    assert.deepEqual(raplBetween(before, zones(), 1), { fault: "the zones of RAPL changed between two looks" });
  });
});
