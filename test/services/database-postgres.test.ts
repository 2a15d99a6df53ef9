import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import type { Database } from "../../runtime/kernel/store/database";
import { openDatabase } from "../../runtime/kernel/store/open";
import { databaseContract } from "../contract/database";

const log = pino({ level: "silent" });
const PASSWORD = "s3cret";

/** Newest installed PostgreSQL, where Debian puts it. */
function postgresPrograms(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).map(Number).filter(Number.isFinite) : [];
  assert.ok(versions.length > 0, `no PostgreSQL in ${root}: apt-get install postgresql`);
  return join(root, String(Math.max(...versions)), "bin");
}

/** PostgreSQL refuses to run as root; then it runs as the user that Debian's package made, or as nobody. */
function serverUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string, user: string): number => Number(execFileSync("id", [flag, user], { stdio: "pipe" }));
  for (const user of ["postgres", "nobody"]) {
    try {
      return { uid: id("-u", user), gid: id("-g", user) };
    } catch {
      // No such user on this system: the next.
    }
  }
  throw new Error("running as root, and there is neither a user postgres nor a user nobody to run PostgreSQL as");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** A cluster of its own in a temporary folder, on a random loopback port. */
class PostgresServer {
  private readonly programs = postgresPrograms();
  private readonly user = serverUser();
  private readonly folder = mkdtempSync(join(tmpdir(), "mno-postgres-"));
  private process: ChildProcess | undefined;
  private port = 0;

  get url(): string {
    return `postgres://mno:${PASSWORD}@127.0.0.1:${this.port}/postgres`;
  }

  async create(): Promise<void> {
    const passwordFile = join(this.folder, "password");
    writeFileSync(passwordFile, PASSWORD);
    if (this.user.uid !== undefined) {
      for (const path of [this.folder, passwordFile]) chownSync(path, this.user.uid, this.user.gid!);
    }
    const data = join(this.folder, "data");
    execFileSync(
      join(this.programs, "initdb"),
      ["-D", data, "-U", "mno", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "--no-sync"],
      { ...this.user, cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] },
    );
    this.port = await freePort();
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    const settings = ["-h", "127.0.0.1", "-p", String(this.port), "-k", "", "-F"];
    this.process = spawn(join(this.programs, "postgres"), ["-D", join(this.folder, "data"), ...settings], {
      ...this.user,
      cwd: this.folder,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LC_ALL: "C" },
    });
    let output = "";
    for await (const chunk of this.process.stderr!.iterator({ destroyOnReturn: false })) {
      output += String(chunk);
      if (output.includes("database system is ready to accept connections")) {
        this.process.stderr!.resume();
        return;
      }
    }
    throw new Error(`PostgreSQL did not start:\n${output}`);
  }

  /** SIGQUIT is PostgreSQL's immediate shutdown: no checkpoint, recovery at the next start; its children go with it. */
  async crash(): Promise<void> {
    if (this.process?.exitCode !== null) return;
    const exited = once(this.process, "exit");
    this.process.kill("SIGQUIT");
    await exited;
  }

  async remove(): Promise<void> {
    await this.crash();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe("PostgreSQL", function () {
  this.timeout(60_000);
  const isUnavailable = (error: unknown): boolean => (error as { code?: string }).code === "MNO_STORE_UNAVAILABLE";
  let server: PostgresServer;

  before(async () => {
    server = new PostgresServer();
    await server.create();
    await server.start();
  });
  after(() => server?.remove());

  databaseContract("postgres", () => openDatabase(server.url, { log }));

  describe("connections", () => {
    let database: Database;
    beforeEach(async () => (database = await openDatabase(server.url, { log })));
    afterEach(() => database.close());

    it("go to the server under a name that its operator can recognise, with timeouts", async () => {
      const [row] = await database.query(
        `SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS statement,
                current_setting('idle_in_transaction_session_timeout') AS idle`,
      );
      assert.deepEqual(row, { name: "mno", statement: "30s", idle: "1min" });
    });

    it("take the URL's own parameters before ours", async () => {
      const own = await openDatabase(`${server.url}?statement_timeout=50&application_name=other`, { log });
      await assert.rejects(own.query("SELECT pg_sleep(5)"), { code: "57014" });
      assert.deepEqual(await own.query("SELECT current_setting('application_name') AS name"), [{ name: "other" }]);
      await own.close();
    });

    it("are refused with a wrong password, which is not shown", async () => {
      const wrong = await openDatabase(server.url.replace(PASSWORD, "wr0ng"), { log });
      const error = await wrong.ping().then(
        () => assert.fail("it resolved"),
        (reason: Error) => reason,
      );
      assert.ok(isUnavailable(error), error.message);
      assert.match(error.message, /password authentication failed for user "mno"/);
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error.cause)}`, /wr0ng/);
      await wrong.close();
    });

    it("let transactions run side by side", async () => {
      let arrived = 0;
      let open: () => void;
      const both = new Promise<void>((resolve) => (open = resolve));
      const meet = async (): Promise<void> => {
        if (++arrived === 2) open();
        await both;
      };
      await Promise.all([database.transaction(meet), database.transaction(meet)]);
      assert.equal(arrived, 2);
    });

    it("fail while the server is down, in a transaction too, and come back by themselves with what was committed", async () => {
      await database.query("CREATE TABLE survivors (id int)");
      await database.query("INSERT INTO survivors VALUES (1)");
      const interrupted = database.transaction(async (tx) => {
        await tx.query("INSERT INTO survivors VALUES (2)");
        await server.crash();
        await tx.query("INSERT INTO survivors VALUES (3)");
      });
      await assert.rejects(interrupted, isUnavailable);
      await assert.rejects(database.ping(), isUnavailable);
      await assert.rejects(
        database.transaction(async () => 1),
        isUnavailable,
      );
      await server.start();
      await database.ping();
      assert.deepEqual(await database.query("SELECT id FROM survivors"), [{ id: 1 }]);
    });
  });
});
