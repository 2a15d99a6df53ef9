import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { HistoryEvent } from "./cache-history";
import type { Command, FromReplica, ToReplica } from "./cache-replica-protocol";

const ROOT = join(__dirname, "../..");

/** A database of one number per key. What a load saw is what was there when it came; the answer takes its time. */
export class VersionedDatabase {
  readonly versions = new Map<string, number | null>();
  readonly history: HistoryEvent[] = [];
  loads = 0;
  /** Milliseconds until an answer to a load. */
  delay: (key: string) => number = () => 0;

  load(key: string, answer: (value: unknown) => void): void {
    this.loads += 1;
    const version = this.versions.has(key) ? this.versions.get(key) : 0;
    setTimeout(() => answer(version), this.delay(key));
  }

  write(replica: string, key: string): number {
    const version = (this.versions.get(key) ?? 0) + 1;
    this.versions.set(key, version);
    this.history.push({
      type: "write",
      at: performance.timeOrigin + performance.now(),
      replica,
      key,
      version,
    });
    return version;
  }
}

export interface Replica {
  run(command: Command): Promise<unknown[]>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
}

/** Replicas, each a process, around one database. */
export class CacheReplicas {
  private readonly children = new Set<ChildProcess>();
  readonly database = new VersionedDatabase();

  private constructor(private readonly folder: string) {}

  /** `program` calls serveCache. */
  static async build(program = join(__dirname, "cache-replica.ts")): Promise<CacheReplicas> {
    // Inside node_modules, where the packages that are not bundled are found.
    const folder = await mkdtemp(join(ROOT, "node_modules/.mno-cache-replica-"));
    await build({
      entryPoints: [program],
      outfile: join(folder, "replica.js"),
      bundle: true,
      packages: "external",
      platform: "node",
      format: "cjs",
      logLevel: "error",
    });
    return new CacheReplicas(folder);
  }

  async start(name: string, url: string, maxStaleSeconds: number): Promise<Replica> {
    const child = fork(join(this.folder, "replica.js"), [name, url, String(maxStaleSeconds)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: [],
      env: { ...process.env, NODE_COMPILE_CACHE: this.folder },
    });
    this.children.add(child);
    child.setMaxListeners(0);
    child.once("exit", () => this.children.delete(child));
    const answers = new Map<number, (message: Extract<FromReplica, { type: "answer" }>) => void>();
    let commands = 0;
    const send = (message: ToReplica): void => void (child.connected && child.send(message));
    const ready = new Promise<void>((resolve, reject) => {
      child.once("exit", () => reject(new Error(`replica ${name} ended`)));
      child.on("message", (message: FromReplica) => {
        if (message.type === "ready") resolve();
        else if (message.type === "event") this.database.history.push(message.event);
        else if (message.type === "answer") answers.get(message.id)?.(message);
        else this.serve(name, message, (value) => send({ type: "database", id: message.id, value }));
      });
    });
    await ready;
    return {
      run: (command) =>
        new Promise((resolve, reject) => {
          const id = ++commands;
          answers.set(id, ({ values, error }) => {
            answers.delete(id);
            if (error === undefined) resolve(values ?? []);
            else reject(new Error(error));
          });
          child.once("exit", () => reject(new Error(`replica ${name} ended`)));
          send({ type: "command", id, command });
        }),
      kill: () => this.kill(child),
    };
  }

  async remove(): Promise<void> {
    await Promise.all([...this.children].map((child) => this.kill(child)));
    await rm(this.folder, { recursive: true, force: true });
  }

  private serve(
    replica: string,
    { do: action, key }: Extract<FromReplica, { type: "database" }>,
    answer: (value: unknown) => void,
  ): void {
    if (action === "load") this.database.load(key, answer);
    else answer(this.database.write(replica, key));
  }

  private async kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}
