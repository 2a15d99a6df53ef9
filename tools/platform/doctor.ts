import { existsSync, readFileSync, statfsSync } from "node:fs";
import { createConnection } from "node:net";
import { freemem } from "node:os";
import { join } from "node:path";
import { PORTS } from "../../runtime/exports";
import { identify } from "../../runtime/kernel/process-identity";
import { lockHolder } from "../../runtime/kernel/process-lock";
import { PULUMI_VERSION, STATE } from "../paths";
import { goVersion } from "../toolchain/go-build";
import { findToolchain, languageHostOrigin } from "../toolchain/pulumi";
import { LOCK, stackExists } from "./workspace";

interface Finding {
  what: string;
  found: string;
  /** How to get it, where it is missing and needed. */
  remedy?: string;
}

const GIB = 2 ** 30;

/** `npm run doctor`: what is there, what is missing, and how to get it. Exit code 1 when something needed is missing. */
async function diagnose(): Promise<Finding[]> {
  const major = Number(process.versions.node.split(".")[0]);
  const toolchain = findToolchain();
  const go = goVersion();
  const supervisor = readSupervisor();
  const free = statfsSync(existsSync(STATE) ? STATE : ".");
  const freeBytes = free.bavail * free.bsize;
  const holder = lockHolder(LOCK);
  const findings: Finding[] = [
    {
      what: "Node.js",
      found: process.version,
      ...(major < 24 ? { remedy: "npm ci brings Node.js 24; run the project's commands through npm" } : {}),
    },
    toolchain
      ? { what: `Pulumi ${PULUMI_VERSION}`, found: toolchain.origin }
      : {
          what: `Pulumi ${PULUMI_VERSION}`,
          found: "missing",
          remedy:
            go === undefined
              ? "let npm start reach get.pulumi.com, or install Go 1.26 for it to build with"
              : "npm start downloads it, or builds it with Go",
        },
    { what: "Node.js language host", found: toolchain ? languageHostOrigin(toolchain.cli) : "comes with Pulumi" },
    { what: "Go (builds Pulumi where no download can be reached)", found: go ?? "not installed" },
    {
      what: "disk free",
      found: `${(freeBytes / GIB).toFixed(1)} GiB`,
      ...(!toolchain && freeBytes < 5 * GIB ? { remedy: "a first build takes 5 GiB with its caches" } : {}),
    },
    { what: "memory free", found: `${(freemem() / GIB).toFixed(1)} GiB` },
    { what: "state folder", found: existsSync(STATE) ? STATE : `${STATE} (not there yet)` },
    {
      what: "at work now",
      found: holder ? `${holder.purpose} (process ${String(holder.pid)}, since ${holder.since})` : "nobody",
    },
    { what: "stack", found: stackExists() ? "exists" : "not created yet: npm start" },
    { what: "supervisor", found: supervisor === undefined ? "not running" : `process ${String(supervisor)}` },
  ];
  for (const [name, port] of Object.entries(PORTS)) {
    const taken = await isListening(port);
    const ours = supervisor !== undefined;
    findings.push({
      what: `port ${String(port)} (${name})`,
      found: taken ? (ours ? "in use, as it should be" : "in use by another program") : "free",
      ...(taken && !ours ? { remedy: `free it, or: npm run pulumi -- config set ${name}Port <port>` } : {}),
    });
  }
  return findings;
}

function readSupervisor(): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(STATE, "cluster", "supervisor.json"), "utf8")) as { pid: number };
    return identify(pid)?.pid;
  } catch {
    return undefined;
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

void diagnose().then((findings) => {
  const width = Math.max(...findings.map((finding) => finding.what.length));
  for (const { what, found, remedy } of findings) {
    process.stdout.write(`${remedy === undefined ? "ok     " : "MISSING"} ${what.padEnd(width)}  ${found}\n`);
    if (remedy !== undefined) process.stdout.write(`        ${" ".repeat(width)} -> ${remedy}\n`);
  }
  process.exit(findings.some((finding) => finding.remedy !== undefined) ? 1 : 0);
});
