import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import type { EntityRecord } from "../../../runtime/security/zero-trust-gateway/contracts";
import { github } from "../policy/github";
import { opaData, opaProgram, REGO } from "../policy/opa";

const ROOT = join(__dirname, "../../..");
const START_MILLISECONDS = 60_000;
/** Nobody is slowed down on purpose. */
const UNLIMITED = JSON.stringify({ requests: 1_000_000, seconds: 1 });
const READERS = `@id("anyone-may-read") permit (principal, action == Action::"read", resource);`;
/** /proc counts a process's time in these. */
const TICK_MILLISECONDS = 10;

export interface GatewayDoors {
  readonly authzen: number;
  readonly proxy: number;
  readonly extAuthz: number;
  readonly extAuthzGrpc: number;
}

/** Processes of one folder; they end together. */
export class Servers {
  private readonly children: ChildProcess[] = [];

  private constructor(private readonly folder: string) {}

  static async open(): Promise<Servers> {
    return new Servers(await mkdtemp(join(tmpdir(), "mno-bench-gateway-")));
  }

  /** The whole gateway, as `--target zero-trust-gateway` runs it, with the github app's policies and entities. */
  async gateway(upstream: number, entities: readonly EntityRecord[], token: string): Promise<[GatewayDoors, number]> {
    // Said of repositories only, for the gateway asks about other resources too.
    const policies = github.policies.replace(
      "permit(principal, action, resource)",
      "permit(principal, action, resource is Repository)",
    );
    await writeFile(join(this.folder, "github.cedar"), policies);
    await writeFile(join(this.folder, "readers.cedar"), READERS);
    await writeFile(join(this.folder, "entities.json"), JSON.stringify(entities));
    const [api, authzen, proxy, extAuthz, extAuthzGrpc] = await freePorts(5);
    const child = this.start(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", "runtime/main.ts", "--target", "zero-trust-gateway"],
      {
        MNO_HTTP_PORT: String(api),
        MNO_STATE_DIR: this.folder,
        MNO_LOG_LEVEL: "WARN",
        MNO_ZTG_LISTEN: at(proxy),
        MNO_ZTG_EXT_AUTHZ_LISTEN: at(extAuthz),
        MNO_ZTG_EXT_AUTHZ_GRPC_LISTEN: at(extAuthzGrpc),
        MNO_ZTG_DECISION_LISTEN: at(authzen),
        MNO_ZTG_DECISION_TOKEN: token,
        MNO_ZTG_POLICIES_DIR: this.folder,
        MNO_ZTG_ROUTES: JSON.stringify([{ name: "bench", upstream: { url: `http://${at(upstream)}` } }]),
        MNO_ZTG_LIMIT_ADDRESS: UNLIMITED,
        MNO_ZTG_ASSESSMENT: "off",
      },
    );
    await answers(`http://${at(proxy)}/`, child);
    return [{ authzen, proxy, extAuthz, extAuthzGrpc } as GatewayDoors, child.pid!];
  }

  /** OPA's own server with the github app in Rego; undefined where there is no program `opa`. Resolves to its port and process. */
  async opa(entities: readonly EntityRecord[]): Promise<[number, number] | undefined> {
    const program = opaProgram();
    if (program === undefined) return undefined;
    await writeFile(join(this.folder, "app.rego"), REGO);
    await writeFile(join(this.folder, "data.json"), JSON.stringify(opaData(entities)));
    const [port] = await freePorts(1);
    const files = [join(this.folder, "app.rego"), join(this.folder, "data.json")];
    const child = this.start(program, ["run", "--server", "--log-level", "error", "--addr", at(port), ...files], {});
    await answers(`http://${at(port)}/health`, child);
    return [port!, child.pid!];
  }

  /** A server that answers at once. Resolves to its port and process. */
  async upstream(): Promise<[number, number]> {
    const child = this.start(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", join(__dirname, "upstream.ts")],
      {},
    );
    const [line] = (await once(child.stdout!, "data")) as [Buffer];
    return [Number(String(line)), child.pid!];
  }

  async close(): Promise<void> {
    for (const child of this.children.reverse()) {
      if (child.exitCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
    await rm(this.folder, { recursive: true });
  }

  private start(program: string, parameters: readonly string[], environment: Record<string, string>): ChildProcess {
    const child = spawn(program, parameters, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.children.push(child);
    return child;
  }
}

/** Milliseconds of processor that a process has used; undefined where the system has no /proc. */
export function processorTime(pid: number): number | undefined {
  const file = `/proc/${String(pid)}/stat`;
  if (!existsSync(file)) return undefined;
  // The name, in brackets, may have spaces; user and system time are the 12th and 13th behind it.
  const text = readFileSync(file, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MILLISECONDS;
}

function at(port: number | undefined): string {
  return `127.0.0.1:${String(port)}`;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await once(server, "listening");
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  child.stdout?.resume();
  const deadline = performance.now() + START_MILLISECONDS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server of ${url} ended with ${String(child.exitCode)}`);
    const status = await request(url).then(
      async ({ statusCode, body }) => {
        await body.dump();
        return statusCode;
      },
      () => 0,
    );
    if (status === 200) return;
    if (performance.now() > deadline) throw new Error(`${url} did not answer 200 but ${String(status)}`);
    await sleep(100);
  }
}
