import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What a real node needs of the system: the file that shows it is there, and Debian's package of it. */
const PROGRAMS: Readonly<Record<string, string>> = {
  containerd: "containerd",
  ctr: "containerd",
  runc: "runc",
  ip: "iproute2",
  nft: "nftables",
  iptables: "iptables",
  conntrack: "conntrack",
  openssl: "openssl",
  mount: "mount",
  nsenter: "util-linux",
  unshare: "util-linux",
  tar: "tar",
};

/** A cluster with simulated pods needs no more than this. */
const ALWAYS = ["openssl"];

const CNI_FOLDERS = ["/usr/lib/cni", "/opt/cni/bin"];
const CNI_PLUGINS = ["bridge", "host-local", "loopback", "portmap"];
const CNI_PACKAGE = "containernetworking-plugins";

/** What the check looks at; given, so that it can be tested. */
export interface System {
  platform: string;
  isRoot: boolean;
  hasCgroups: boolean;
  hasProgram(name: string): boolean;
  hasFile(path: string): boolean;
  /** "containerd 1.6.20": for people. */
  versionOf(program: string): string;
  /** Why namespaces cannot be made; undefined when they can. */
  namespaceFault(): string | undefined;
}

export interface Requirements {
  /** Debian packages to install. */
  packages: string[];
  /** What no package can mend: the reasons why pods cannot really run here. */
  blockers: string[];
  /** Whether even a cluster with simulated pods cannot run. */
  isUnusable: boolean;
}

export function checkRequirements(system: System): Requirements {
  const missing = Object.keys(PROGRAMS).filter((name) => !system.hasProgram(name));
  const packages = new Set(missing.map((name) => PROGRAMS[name] ?? name));
  if (cniFolder(system) === undefined) packages.add(CNI_PACKAGE);
  const blockers = [
    ...(system.platform === "linux" ? [] : [`the system is ${system.platform}, not Linux`]),
    ...(system.isRoot ? [] : ["this user is not root"]),
    ...(system.hasCgroups ? [] : ["there are no writable cgroups below /sys/fs/cgroup"]),
  ];
  const fault = blockers.length === 0 && !missing.includes("unshare") ? system.namespaceFault() : undefined;
  if (fault !== undefined) blockers.push(`namespaces cannot be made: ${fault}`);
  return { packages: [...packages].sort(), blockers, isUnusable: missing.some((name) => ALWAYS.includes(name)) };
}

export function aptLine(packages: readonly string[]): string {
  return `apt-get install --yes --no-install-recommends ${packages.join(" ")}`;
}

/** Folder of the CNI plug-ins. */
export function cniFolder(system: Pick<System, "hasFile">): string | undefined {
  return CNI_FOLDERS.find((folder) => CNI_PLUGINS.every((plugin) => system.hasFile(join(folder, plugin))));
}

/** This machine. */
export const THIS_SYSTEM: System = {
  platform: process.platform,
  isRoot: process.getuid?.() === 0,
  // Version 2 has its controllers at the top, version 1 each in a hierarchy below.
  hasCgroups: ["/sys/fs/cgroup/cgroup.subtree_control", "/sys/fs/cgroup/memory"].some(isWritable),
  hasProgram: (name) => (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutable(join(folder, name))),
  hasFile: existsSync,
  versionOf,
  namespaceFault,
};

function versionOf(program: string): string {
  const text = execFileSync(program, ["--version"], { encoding: "utf8" });
  return `${program} ${/\d+\.\d+\.\d+/.exec(text)?.[0] ?? "of an unknown version"}`;
}

function namespaceFault(): string | undefined {
  try {
    execFileSync("unshare", ["--net", "--mount", "--pid", "--fork", "--mount-proc", "true"], {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"],
    });
    return undefined;
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || (error as Error).message;
  }
}

function isWritable(path: string): boolean {
  return isAccessible(path, constants.W_OK);
}

function isExecutable(path: string): boolean {
  return isAccessible(path, constants.X_OK);
}

function isAccessible(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}
