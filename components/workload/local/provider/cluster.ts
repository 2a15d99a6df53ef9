import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { provider } from "@pulumi/pulumi";
import { MnoError } from "../../../../runtime/exports";
import { Supervisor } from "./supervisor";
import { hasUnknown, sameValue, unwrap } from "./values";

interface ClusterInputs {
  directory: string;
  command: string[];
  build: string;
}

const START_MILLISECONDS = 30_000;
const STOP_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 50;

/** `mno-local:index:Cluster`: the supervisor process of one folder. The folder is the resource's id. */
export const clusterResource = {
  check(inputs: Record<string, unknown>): provider.CheckFailure[] {
    const directory = unwrap(inputs.directory);
    if (hasUnknown(inputs.directory) || (typeof directory === "string" && isAbsolute(directory))) return [];
    return [{ property: "directory", reason: "must be an absolute path" }];
  },

  diff(olds: Record<string, unknown>, news: Record<string, unknown>): provider.DiffResult {
    if (!sameValue(olds.directory, news.directory)) return { changes: true, replaces: ["directory"] };
    return {
      changes: hasUnknown(news) || !sameValue(olds.build, news.build) || !sameValue(olds.command, news.command),
    };
  },

  async create(inputs: Record<string, unknown>): Promise<provider.CreateResult> {
    const plain = unwrap(inputs) as ClusterInputs;
    const supervisor = new Supervisor(plain.directory);
    // A supervisor that an interrupted `up` left behind may be of another build: begin anew.
    await stop(supervisor);
    await start(plain, supervisor);
    return { id: plain.directory, outs: inputs };
  },

  async update(_olds: Record<string, unknown>, inputs: Record<string, unknown>): Promise<provider.UpdateResult> {
    const created = await clusterResource.create(inputs);
    return { outs: created.outs as unknown };
  },

  async read(id: string, props: Record<string, unknown>): Promise<provider.ReadResult> {
    if (!(await new Supervisor(id).alive())) return {};
    const known = { ...props, directory: id };
    return { id, props: known, inputs: known };
  },

  async delete(id: string, props: Record<string, unknown>): Promise<void> {
    const supervisor = new Supervisor(id);
    // A supervisor that was killed has left its workloads running: a new one finds and ends them.
    if (existsSync(join(id, "workloads.json")) && !(await supervisor.alive())) {
      await start(unwrap(props) as ClusterInputs, supervisor);
      for (const name of await supervisor.names()) await supervisor.delete(name);
    }
    await stop(supervisor);
  },
};

async function start(inputs: ClusterInputs, supervisor: Supervisor): Promise<void> {
  const [program = "", ...args] = inputs.command;
  mkdirSync(inputs.directory, { recursive: true, mode: 0o700 });
  const logPath = join(inputs.directory, "supervisor.log");
  const log = openSync(logPath, "a", 0o600);
  // A session of its own: Ctrl-C in the terminal of `pulumi up` must not reach it.
  const child = spawn(program, args, {
    cwd: inputs.directory,
    detached: true,
    stdio: ["ignore", log, log],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: process.env.LANG,
      TZ: process.env.TZ,
      MNO_LOCAL_DIR: inputs.directory,
    },
  });
  closeSync(log);
  let exited: string | undefined;
  child.once("exit", (code, signal) => (exited = signal ?? `code ${String(code)}`));
  child.once("error", (error) => (exited = error.message));
  child.unref();
  const deadline = Date.now() + START_MILLISECONDS;
  while (!(supervisor.address()?.pid === child.pid && (await supervisor.alive()))) {
    if (exited !== undefined || Date.now() > deadline) {
      if (exited === undefined) child.kill("SIGKILL");
      const why =
        exited === undefined ? `did not answer within ${String(START_MILLISECONDS / 1000)} s` : `ended with ${exited}`;
      throw new MnoError("MNO_CLUSTER_UNREACHABLE", `The supervisor ${why}; the end of ${logPath}:\n${tail(logPath)}`);
    }
    await sleep(POLL_MILLISECONDS);
  }
}

/** Resolves when the supervisor and all that it ran are gone; at once where none runs. */
async function stop(supervisor: Supervisor): Promise<void> {
  const address = supervisor.address();
  if (!address || !(await supervisor.alive())) return;
  await supervisor.shutdown();
  const deadline = Date.now() + STOP_MILLISECONDS;
  while (isRunning(address.pid)) {
    if (Date.now() > deadline) {
      throw new MnoError(
        "MNO_CLUSTER_UNREACHABLE",
        `The supervisor (pid ${String(address.pid)}) did not stop within ${String(STOP_MILLISECONDS / 1000)} s`,
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}

/** A zombie does not run: it waits for a parent that may take its time. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${String(pid)}/stat`;
  return !existsSync(stat) || !/\) [ZX] /.test(readFileSync(stat, "utf8"));
}

function tail(path: string): string {
  return readFileSync(path, "utf8").split("\n").slice(-10).join("\n");
}
