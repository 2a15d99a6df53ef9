import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface SystemPackage {
  name: string;
  version: string;
  /** Package URL: `pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64`. */
  purl: string;
}

/** The Debian package that a file of this machine came with; undefined where dpkg does not know, or is not there. */
export function systemPackageOf(path: string): SystemPackage | undefined {
  // A file may be recorded from before /usr was merged: /lib/… is /usr/lib/… now.
  for (const recorded of [path, path.replace(/^\/usr\//, "/")]) {
    const owner = output("dpkg-query", ["--search", recorded])?.split(": ")[0];
    if (owner === undefined) continue;
    const fields = output("dpkg-query", ["--show", "--showformat=${Package}\\t${Version}\\t${Architecture}", owner]);
    const [name, version, architecture] = fields?.split("\t") ?? [];
    if (name === undefined || version === undefined || architecture === undefined) continue;
    const purl = `pkg:deb/${distribution()}/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
    return { name, version, purl };
  }
  return undefined;
}

function distribution(): string {
  return /^ID=["']?([a-z0-9._-]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "debian";
}

function output(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}
