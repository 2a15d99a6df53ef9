import { execFile, spawn } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, readlinkSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { MnoError } from "../../runtime/exports";
import { identify, isAlive, type ProcessIdentity } from "../../runtime/kernel/process-identity";
import type { ClusterNetwork } from "./network";
import { childOf, gone, spawned } from "./supervisor";

const run = promisify(execFile);

const START_MILLISECONDS = 10_000;
const END_MILLISECONDS = 30_000;
const CGROUPS = "/sys/fs/cgroup";

/** Folders that the cluster's programs write to whatever they are told; inside, they are folders of the state folder. */
const REDIRECTED: Readonly<Record<string, string>> = { run: "/run", "var-lib": "/var/lib", "var-log": "/var/log" };

/** Where the state folder must not be: inside the sandbox these are other folders. */
export function redirects(directory: string): string | undefined {
  return Object.values(REDIRECTED).find((target) => `${directory}/`.startsWith(`${target}/`));
}

/** What is kept of the process that holds the namespaces. */
interface SandboxRecord extends ProcessIdentity {
  /** Whether it was connected to the host, too. */
  isComplete: boolean;
}

/**
 * Network, mount and PID namespaces of the cluster's own, held by one process: what happens in them (mounts, bridges, packet
 * filter rules, shims, containers) cannot touch the host, and goes when that process goes, however it ends.
 */
export class Sandbox {
  constructor(
    private readonly directory: string,
    private readonly network: ClusterNetwork,
  ) {}

  /** cgroup of the pods, at the top of every hierarchy. */
  get cgroup(): string {
    return this.network.link;
  }

  holder(): ProcessIdentity | undefined {
    const record = this.read();
    return record && isAlive(record) ? { pid: record.pid, startedAt: record.startedAt } : undefined;
  }

  /** The command that runs another inside. */
  get enter(): string[] {
    const pid = this.holder()?.pid;
    if (pid === undefined) throw new MnoError("MNO_INTERNAL", "The cluster's namespaces are gone");
    return ["nsenter", "--target", String(pid), "--net", "--mount", "--pid", "--"];
  }

  async create(pause: string): Promise<void> {
    if (this.holder() && this.read()?.isComplete) return;
    await this.end(); // what an interrupted start or a crash left
    for (const folder of Object.keys(REDIRECTED)) mkdirSync(join(this.directory, folder), { recursive: true });
    const binds = Object.entries(REDIRECTED).map(
      ([folder, target]) => `mount --bind "$1/${folder}" ${target}\nmount --make-rshared ${target}`,
    );
    const script = ["set -e", "mount --make-rshared /", ...binds, "ip link set lo up", 'exec "$2"'].join("\n");
    const child = spawn(
      "unshare",
      [
        ...["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
        ...["sh", "-c", script, "sh", this.directory, pause],
      ],
      { detached: true, stdio: "ignore" },
    );
    child.unref();
    await spawned(child);
    const pid = await childOf(child.pid ?? 0);
    const identity = pid === undefined ? undefined : identify(pid);
    if (!identity || !(await this.isSetUp(identity, basename(pause)))) {
      child.kill("SIGKILL"); // nothing is kept of it yet by which it could be ended later
      throw new MnoError(
        "MNO_CLUSTER_COMPONENT_FAILED",
        "The cluster's namespaces could not be made (unshare, mount, ip)",
      );
    }
    this.write({ ...identity, isComplete: false });
    await this.connect(identity.pid);
    this.createCgroups();
    this.write({ ...identity, isComplete: true });
  }

  /** Ends everything inside, at once, and removes what it had outside. */
  async end(): Promise<void> {
    const holder = this.holder();
    if (holder) {
      process.kill(holder.pid, "SIGKILL");
      if (!(await gone(holder, END_MILLISECONDS))) {
        throw new MnoError("MNO_CLUSTER_COMPONENT_FAILED", `Process ${String(holder.pid)} does not end`);
      }
    }
    await this.until("the link is gone", () => !existsSync(`/sys/class/net/${this.network.link}`));
    await this.until("the cgroups are gone", () => this.cgroups().every(removeTree));
    rmSync(this.record, { force: true });
  }

  private get record(): string {
    return join(this.directory, "sandbox.json");
  }

  private read(): SandboxRecord | undefined {
    try {
      return JSON.parse(readFileSync(this.record, "utf8")) as SandboxRecord;
    } catch {
      return undefined; // never started, or its writer died in the middle of it
    }
  }

  private write(record: SandboxRecord): void {
    writeFileSync(this.record, JSON.stringify(record));
  }

  /** The script ends by becoming the holder. */
  private async isSetUp(identity: ProcessIdentity, holder: string): Promise<boolean> {
    const deadline = Date.now() + START_MILLISECONDS;
    while (isAlive(identity) && Date.now() < deadline) {
      if (programOf(identity.pid) === holder) return true;
      await sleep(10);
    }
    return false;
  }

  private async connect(pid: number): Promise<void> {
    const { link, host, node, range, linkPrefix } = this.network;
    await run("ip", ["link", "add", link, "type", "veth", "peer", "name", "uplink", "netns", String(pid)]);
    await run("ip", ["address", "add", `${host}/${String(linkPrefix)}`, "dev", link]);
    await run("ip", ["link", "set", link, "up"]);
    const inside = [
      "set -e",
      `ip address add ${node}/${String(linkPrefix)} dev uplink`,
      "ip link set uplink up",
      `ip route add default via ${host}`,
      "echo 1 > /proc/sys/net/ipv4/ip_forward",
      // Answers between two pods on the bridge must pass the address translation that their questions passed.
      "if [ -e /proc/sys/net/bridge ]; then echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables; fi",
    ].join("\n");
    const [program = "", ...args] = [...this.enter, "sh", "-c", inside];
    await run(program, args);
    await run("ip", ["route", "replace", range, "via", node, "dev", link]);
  }

  private createCgroups(): void {
    delegateControllers();
    for (const folder of this.cgroups()) {
      mkdirSync(folder, { recursive: true });
      // In version 1 a cpuset is empty until it is filled, and nothing can be put into an empty one.
      for (const file of ["cpuset.cpus", "cpuset.mems"]) {
        const above = join(folder, "..", file);
        if (existsSync(join(folder, file)) && existsSync(above)) writeFileSync(join(folder, file), readFileSync(above));
      }
    }
  }

  private cgroups(): string[] {
    const isV2 = existsSync(join(CGROUPS, "cgroup.controllers"));
    const hierarchies = isV2 ? [CGROUPS] : globSync(`${CGROUPS}/*/cgroup.procs`).map((file) => join(file, ".."));
    return hierarchies.map((hierarchy) => join(hierarchy, this.cgroup));
  }

  private async until(what: string, condition: () => boolean): Promise<void> {
    const deadline = Date.now() + END_MILLISECONDS;
    while (!condition()) {
      if (Date.now() > deadline)
        throw new MnoError(
          "MNO_CLUSTER_COMPONENT_FAILED",
          `After ${String(END_MILLISECONDS / 1000)} s it is still not so that ${what}`,
        );
      await sleep(50);
    }
  }
}

function programOf(pid: number): string | undefined {
  try {
    return basename(readlinkSync(`/proc/${String(pid)}/exe`));
  } catch {
    return undefined; // it ended between the look and the reading
  }
}

/** In version 2 a controller works below the top only where the top hands it down, as systemd has done for most. */
function delegateControllers(): void {
  const control = join(CGROUPS, "cgroup.subtree_control");
  if (!existsSync(control)) return;
  const delegated = readFileSync(control, "utf8").trim().split(" ");
  const available = readFileSync(join(CGROUPS, "cgroup.controllers"), "utf8").trim().split(" ");
  const wanted = ["cpu", "cpuset", "io", "memory", "pids", "hugetlb"].filter((name) => available.includes(name));
  for (const name of wanted.filter((each) => !delegated.includes(each))) writeFileSync(control, `+${name}`);
}

/** Removes a cgroup and those below it; false while one still holds a process. */
function removeTree(folder: string): boolean {
  const below = globSync(`${folder}/**/`).sort((a, b) => b.length - a.length);
  for (const cgroup of below) {
    try {
      rmdirSync(cgroup);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") return false;
    }
  }
  return !existsSync(folder);
}
