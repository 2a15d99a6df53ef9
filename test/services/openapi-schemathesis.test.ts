import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINE_NAMES } from "../../runtime/exports";
import { build } from "../../tools/build";
import { DIST } from "../../tools/paths";
import { eventually, finished, freePort } from "../support/platform";
import { TestSupervisor } from "../support/supervisor";

const PROGRAM = join(homedir(), ".cache/machine-native-ops/schemathesis/bin/schemathesis");
const SEED = "20261123";
/** Of each operation, beside what covers its schema systematically. */
const EXAMPLES = "4";

/** 501 is a documented answer: the platform cannot carry a response out, forecasts of the past are not kept. */
const CONFIGURATION = `[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 501]
`;

/** What is left out, with the reason. */
const LEFT_OUT = [
  // Its health checks would go to whatever addresses are generated: only loopback is ours to ask.
  ["PUT", "/global-load-balancer/v1/upstreams/{name}"],
] as const;

interface Report {
  operations: { total: number; tested: number; errored: number };
  failures: { title: string; operations: string[] }[];
  test_cases: { generated: number };
}

/** Every engine's routes in one process, over PGlite, asked by schemathesis what their own OpenAPI document promises. */
describe("every route, by its OpenAPI document (schemathesis)", function () {
  this.timeout(900_000);
  const folder = mkdtempSync(join(tmpdir(), "mno-schemathesis-"));
  const supervisor = new TestSupervisor();
  let runtime: ChildProcess;
  let url: string;

  before(async () => {
    assert.ok(
      existsSync(PROGRAM),
      `${PROGRAM} is missing: python3 -m venv there, and pip install schemathesis==4.32.5`,
    );
    build();
    await supervisor.start();
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}`;
    runtime = spawn(process.execPath, [join(DIST, "runtime", "main.js"), "--target", "all"], {
      stdio: "ignore",
      env: {
        PATH: process.env.PATH,
        MNO_STATE_DIR: join(folder, "state"),
        MNO_HTTP_PORT: port,
        MNO_CLUSTER_URL: `local:${supervisor.directory}`,
        MNO_LOG_LEVEL: "ERROR",
      },
    });
    await eventually("the runtime is ready", 120, async () =>
      (await fetch(`${url}/readyz`)).status === 200 ? true : undefined,
    );
  });
  after(async () => {
    runtime.kill("SIGKILL");
    await supervisor.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers as it says, and never with a fault of its own", async () => {
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: Record<string, object> };
    for (const engine of ENGINE_NAMES)
      assert.ok(
        Object.keys(paths).some((path) => path.startsWith(`/${engine}/`)),
        engine,
      );
    const configuration = join(folder, "schemathesis.toml");
    writeFileSync(configuration, CONFIGURATION);
    const report = join(folder, "report.json");
    const left = LEFT_OUT.flatMap(([method, path]) => ["--exclude-name", `${method} ${path}`]);
    const checks = [
      "not_a_server_error",
      "status_code_conformance",
      "content_type_conformance",
      "response_schema_conformance",
    ];
    const child = spawn(
      PROGRAM,
      [
        ...["--config-file", configuration, "run", `${url}/openapi.json`, "--no-color", "--warnings", "off"],
        ...["--checks", checks.join(","), "--phases", "examples,coverage,fuzzing"],
        ...["--max-examples", EXAMPLES, "--seed", SEED, "--workers", "2", "--no-shrink", "--continue-on-failure"],
        ...["--request-timeout", "30", "--generation-database", "none", ...left],
        ...["--report", "json", "--report-json-path", report],
      ],
      { cwd: folder, stdio: ["ignore", "pipe", "pipe"] },
    );
    const { code, output } = await finished(child);
    assert.ok(existsSync(report), output);
    const { failures, operations, test_cases } = JSON.parse(readFileSync(report, "utf8")) as Report;
    assert.deepEqual(failures, [], output);
    assert.equal(code, 0, output);
    assert.equal(operations.tested, operations.total - LEFT_OUT.length);
    assert.ok(test_cases.generated > operations.total * 10, `only ${String(test_cases.generated)} requests were made`);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
  });
});
