import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buildSync } from "esbuild";
import type { InstalledPackage } from "../../../tools/image/closure";
import { makeImage } from "../../../tools/image/image";
import {
  APPLICATION,
  COMMAND,
  ENTRYPOINT,
  ENVIRONMENT,
  type RuntimeImage,
  runtimeImage,
  SBOM_PATH,
} from "../../../tools/image/runtime-image";
import { writeTree } from "../../../tools/image/write";
import { ROOT } from "../../../tools/paths";
import { eventually, freePort } from "../../support/platform";

interface Component {
  "bom-ref": string;
  name: string;
  version: string;
  purl?: string;
  hashes?: { content: string }[];
}

interface Bom {
  specVersion: string;
  components: Component[];
}

describe("the runtime's image", function () {
  this.timeout(60_000);
  let image: RuntimeImage;
  let paths: string[];
  before(() => {
    image = runtimeImage();
    paths = image.specification.layers.flatMap(({ tree }) => tree.entries().map(([path]) => path));
  });

  it("holds every file that its programs load, as another reader of imports finds them", () => {
    const programs = paths.filter((path) => path.startsWith(`${APPLICATION}/dist/`) && path.endsWith(".js"));
    assert.ok(programs.includes(`${APPLICATION}/dist/runtime/main.js`));
    assert.ok(programs.includes(`${APPLICATION}/dist/examples/demo-service/server.js`));
    // The packages' own imports, file by file: the image's are found package by package, through the lock file.
    const { metafile } = buildSync({
      absWorkingDir: ROOT,
      entryPoints: programs.map((path) => path.slice(APPLICATION.length + 1)),
      bundle: true,
      platform: "node",
      format: "cjs",
      outdir: "unwritten",
      write: false,
      metafile: true,
      logLevel: "silent",
      loader: { ".node": "copy" },
      external: optionalPeers(image.packages),
    });
    const loaded = Object.keys(metafile.inputs).filter((path) => !path.startsWith("(disabled)"));
    assert.ok(loaded.length > programs.length + 500, `only ${String(loaded.length)} files found`);
    const held = new Set(paths);
    assert.deepEqual(
      loaded.filter((path) => !held.has(`${APPLICATION}/${path}`)),
      [],
    );
  });

  it("holds nothing that only builds, deploys or tests", () => {
    const needless = /node_modules\/(?:@pulumi|@types|typescript|ts-node|esbuild|mocha|eslint)\/|\.map$|\.d\.[cm]?ts$/;
    assert.deepEqual(
      paths.filter((path) => needless.test(path)),
      [],
    );
    assert.deepEqual(
      paths.filter((path) => /\/dist\/(?:tools|policies|stacks|components)\//.test(path)),
      [],
    );
  });

  it("lists in its SBOM the packages that are there, and no others", () => {
    const { components, specVersion } = image.sbom as Bom;
    assert.equal(specVersion, "1.6");
    const listed = components.filter(({ purl }) => purl?.startsWith("pkg:npm/") && !purl.startsWith("pkg:npm/node@"));
    const folderOf = (component: Component): string => component["bom-ref"].split("#")[1] ?? "";
    const manifests = paths
      .map((path) => /^\/app\/((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1])
      .filter((path) => path !== undefined);
    assert.ok(manifests.length > 100);
    assert.deepEqual(listed.map(folderOf).sort(), manifests.sort());
    for (const component of listed) {
      const manifest = JSON.parse(readFileSync(join(ROOT, folderOf(component), "package.json"), "utf8"));
      assert.deepEqual([component.name, component.version], [manifest.name, manifest.version]);
      assert.match(component.hashes?.[0]?.content ?? "", /^[0-9a-f]{128}$/);
    }
    assert.ok(paths.includes(SBOM_PATH));
  });

  it("has one digest for one work tree, and stays well below 250 MB", () => {
    const first = makeImage(image.specification);
    const second = makeImage(runtimeImage().specification);
    assert.equal(second.digest, first.digest);
    assert.ok(first.size < 250e6, `${String(first.size)} bytes`);
  });

  it("agrees with the Dockerfile", () => {
    const final = readFileSync(join(ROOT, "Dockerfile"), "utf8").split(/^FROM scratch$/m)[1] ?? "";
    const { user, workingDirectory, ports, layers } = image.specification;
    const environment = Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`);
    assert.deepEqual(final.trim().split("\n"), [
      ...layers.map(({ name }) => `COPY --from=build /image/${name} /`),
      `ENV ${environment.join(" ")}`,
      `WORKDIR ${workingDirectory}`,
      `USER ${String(user.uid)}:${String(user.gid)}`,
      `EXPOSE ${ports.join(" ")}`,
      "STOPSIGNAL SIGTERM",
      `ENTRYPOINT ${JSON.stringify(ENTRYPOINT).replaceAll(",", ", ")}`,
      `CMD ${JSON.stringify(COMMAND).replaceAll(",", ", ")}`,
    ]);
  });

  describe("laid out away from the work tree", () => {
    const root = mkdtempSync(join(tmpdir(), "mno-image-"));
    const cluster = join(root, "cluster");
    const programs: Program[] = [];
    const start = (target: string, environment: Record<string, string>): Program => {
      const program = new Program(root, target, { ...ENVIRONMENT, ...environment });
      programs.push(program);
      return program;
    };
    after(async () => {
      await Promise.all(programs.map((program) => program.end("SIGKILL")));
      rmSync(root, { recursive: true });
    });

    it("starts, allocates, plans on its worker threads, and drains", async () => {
      for (const { name, tree } of image.specification.layers) if (name !== "base") writeTree(root, tree);
      const supervisor = start("supervisor", { MNO_LOCAL_DIR: cluster });
      await supervisor.answers("the supervisor", async () => existsSync(join(cluster, "supervisor.json")));
      const port = String(await freePort());
      const url = `http://127.0.0.1:${port}`;
      const runtime = start("all", {
        MNO_STATE_DIR: join(root, "state"),
        MNO_CLUSTER_URL: `local:${cluster}`,
        MNO_HTTP_PORT: port,
      });
      await runtime.answers("the runtime", async () => (await fetch(`${url}/readyz`)).status === 200);

      const demand = { tenant: "t", requests: { cpuCores: 0.001, memoryBytes: 1024 } };
      const post = (path: string, body: object): Promise<Response> =>
        fetch(`${url}/elastic-resource-manager/v1/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        });
      assert.equal((await post("allocations", demand)).status, 201, runtime.output);
      const plan = (await (await post("plans", { requests: [demand] })).json()) as { allocated: number };
      assert.equal(plan.allocated, 1, runtime.output);

      for (const program of [runtime, supervisor]) assert.equal(await program.end("SIGTERM"), 0, program.output);
    });
  });
});

/** What packages use where somebody else brings it, such as colours in a terminal; development tools bring some here. */
function optionalPeers(packages: readonly InstalledPackage[]): string[] {
  const names = packages.flatMap(({ path }) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, path, "package.json"), "utf8"));
    return Object.entries<{ optional?: boolean }>(manifest.peerDependenciesMeta ?? {})
      .filter(([, { optional }]) => optional)
      .map(([name]) => name);
  });
  return names.filter((name) => !packages.some((installed) => installed.name === name));
}

/** The image's entry point as a process of this machine. */
class Program {
  /** Everything it printed. */
  output = "";
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;

  constructor(root: string, target: string, environment: Record<string, string>) {
    const [, main = ""] = ENTRYPOINT;
    this.child = spawn(process.execPath, [join(root, main), "--target", target], {
      cwd: join(root, APPLICATION),
      env: environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on("data", (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async answers(what: string, probe: () => Promise<boolean>): Promise<void> {
    await eventually(what, 40, async () => ((await probe()) ? true : undefined)).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.output}`);
    });
  }

  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, "exit");
      this.child.kill(signal);
      await ended;
    }
    return this.child.exitCode;
  }
}
