/** The compiled packs as Pulumi runs them: started by run-policy-pack, asked over gRPC. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as grpc from "@grpc/grpc-js";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { buildSync } from "esbuild";
import { AnalyzerClient } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as proto from "@pulumi/pulumi/proto/analyzer_pb";
import { CARBON_RULES } from "../../policies/carbon/rules";
import { ZERO_TRUST_RULES } from "../../policies/zero-trust/rules";
import { toResource, type RegisteredResource } from "../support/policies";
import { UNKNOWN_STRING, local } from "./fixtures/fixture";

const ROOT = join(__dirname, "../..");
const PACKS = { "zero-trust": ZERO_TRUST_RULES, carbon: CARBON_RULES };

type Diagnostic = proto.AnalyzeDiagnostic.AsObject;

interface Pack {
  process: ChildProcess;
  client: AnalyzerClient;
}

/** Transpiles the policies and what they may import below the checkout, so that the packages resolve as they do from dist. */
function transpile(): string {
  const cache = join(ROOT, "node_modules/.cache");
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, "policies-"));
  const entryPoints = globSync("{factors,policies,runtime/exports}/**/*.ts", { cwd: ROOT }).map((file) =>
    join(ROOT, file),
  );
  buildSync({
    entryPoints,
    outdir,
    outbase: ROOT,
    platform: "node",
    format: "cjs",
  });
  return outdir;
}

async function start(outdir: string, name: string): Promise<Pack> {
  const runner = join(ROOT, "node_modules/@pulumi/pulumi/cmd/run-policy-pack");
  const pwd = join(ROOT, "policies", name);
  const child = spawn(process.execPath, [runner, "127.0.0.1:0", join(outdir, "policies", name, "index.js")], {
    cwd: pwd,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  const client = new AnalyzerClient(`127.0.0.1:${line.toString().trim()}`, grpc.credentials.createInsecure());
  return { process: child, client };
}

/** One unary call of the generated client as a promise. */
function call<T>(send: (done: (error: Error | null, answer: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => send((error, answer) => (error ? reject(error) : resolve(answer))));
}

function fill<M extends proto.AnalyzeRequest | proto.AnalyzerResource>(message: M, registered: RegisteredResource): M {
  const { type, name, urn, props } = toResource(registered);
  message.setType(type);
  message.setName(name);
  message.setUrn(urn);
  message.setProperties(Struct.fromJavaScript(JSON.parse(JSON.stringify(props))));
  message.setOptions(new proto.AnalyzerResourceOptions());
  return message;
}

async function analyze({ client }: Pack, registered: RegisteredResource): Promise<Diagnostic[]> {
  const request = fill(new proto.AnalyzeRequest(), registered);
  return (await call<proto.AnalyzeResponse>((done) => client.analyze(request, done))).toObject().diagnosticsList;
}

async function analyzeStack({ client }: Pack, registered: RegisteredResource[]): Promise<Diagnostic[]> {
  const request = new proto.AnalyzeStackRequest();
  request.setResourcesList(registered.map((resource) => fill(new proto.AnalyzerResource(), resource)));
  return (await call<proto.AnalyzeResponse>((done) => client.analyzeStack(request, done))).toObject().diagnosticsList;
}

async function configure({ client }: Pack, policy: string, properties: object): Promise<void> {
  const request = new proto.ConfigureAnalyzerRequest();
  const config = new proto.PolicyConfig();
  config.setEnforcementlevel(proto.EnforcementLevel.MANDATORY);
  config.setProperties(Struct.fromJavaScript(properties as never));
  request.getPolicyconfigMap().set(policy, config);
  await call<Empty>((done) => client.configure(request, done));
}

const { ADVISORY, MANDATORY } = proto.EnforcementLevel;

describe("policy packs under Pulumi's own runner", function () {
  this.timeout(60_000);
  let outdir: string;
  const packs = new Map<string, Pack>();

  before(async () => {
    outdir = transpile();
    for (const name of Object.keys(PACKS)) packs.set(name, await start(outdir, name));
  });

  after(async () => {
    for (const { client, process: child } of packs.values()) {
      client.close();
      child.kill();
      await once(child, "exit");
    }
    rmSync(outdir, { recursive: true });
  });

  for (const [name, rules] of Object.entries(PACKS)) {
    it(`${name} tells the engine every rule with its metadata`, async () => {
      const { client } = packs.get(name)!;
      const info = (await call<proto.AnalyzerInfo>((done) => client.getAnalyzerInfo(new Empty(), done))).toObject();
      assert.equal(info.name, name);
      assert.equal(info.version, "0.1.0");
      for (const rule of rules) {
        const policy = info.policiesList.find((each) => each.name === rule.name);
        assert.ok(policy, rule.name);
        assert.equal(policy.displayname, `${rule.id} ${rule.title}`);
        assert.equal(policy.enforcementlevel, rule.enforcement === "mandatory" ? MANDATORY : ADVISORY);
        assert.equal(policy.framework?.reference, rule.frameworks[0]!.clause);
        assert.equal(policy.remediationSteps, rule.remediation);
        assert.ok(policy.tagsList.includes(rule.id));
        assert.ok((policy.configschema?.properties?.fieldsMap.length ?? 0) > 0);
      }
    });

    it(`${name} has an entry that its package.json and PulumiPolicy.yaml agree on`, () => {
      const { main } = JSON.parse(readFileSync(join(ROOT, "policies", name, "package.json"), "utf8"));
      assert.equal(main, `../../dist/policies/${name}/index.js`);
      assert.match(
        readFileSync(join(ROOT, "policies", name, "PulumiPolicy.yaml"), "utf8"),
        new RegExp(`^main: ${main}$`, "m"),
      );
    });
  }

  it("refuse a bad workload, mandatory", async () => {
    const diagnostics = await analyze(packs.get("zero-trust")!, local({ command: ["sh", "-c", "x"] }));
    const [shell] = diagnostics;
    assert.equal(shell!.policyname, "pinned-programs");
    assert.equal(shell!.enforcementlevel, MANDATORY);
    assert.match(shell!.message, /ZT-003: the command starts the shell sh/);
  });

  it("report what a preview does not know as advisory, and count it at the end", async () => {
    const pack = packs.get("zero-trust")!;
    const workload = local({ environment: { A_URL: UNKNOWN_STRING } });
    const diagnostics = await analyze(pack, workload);
    assert.deepEqual(
      diagnostics.map((d) => [d.policyname, d.enforcementlevel]),
      [["no-plaintext-secrets", ADVISORY]],
    );
    assert.match(diagnostics[0]!.message, /ZT-002 could not be checked: .*A_URL/);
    const summary = (await analyzeStack(pack, [workload])).find((d) => d.policyname === "unchecked-rules");
    assert.equal(summary!.enforcementlevel, ADVISORY);
    assert.match(summary!.message, /1 check could not be made: ZT-002 \(1\)/);
  });

  it("report an exemption as advisory and refuse a broken one", async () => {
    const pack = packs.get("zero-trust")!;
    const bad = local({ command: ["/bin/sh"] }, "vendor");
    await configure(pack, "pinned-programs", {
      exempt: [{ name: "vendor", reason: "vendor script", expires: "9999-12-31" }],
    });
    const [diagnostic] = await analyze(pack, bad);
    assert.equal(diagnostic!.enforcementlevel, ADVISORY);
    assert.match(diagnostic!.message, /exempt until 9999-12-31 \(vendor script\)/);
    await configure(pack, "pinned-programs", { exempt: [{ name: "vendor", expires: "9999-12-31" }] });
    await assert.rejects(analyze(pack, bad), /exempt\[0\]\.reason is required/);
    await configure(pack, "pinned-programs", {});
  });

  it("judge the budget by what was asked for, though a preview's outputs are empty", async () => {
    const pack = packs.get("carbon")!;
    await configure(pack, "carbon-budget", { budgetGramsPerMonth: 1000, zone: "europe-west3" });
    const workload = local({ replicas: 100 });
    await analyze(pack, workload);
    const diagnostics = await analyzeStack(pack, [{ ...workload, props: {} }]);
    const budget = diagnostics.find((d) => d.policyname === "carbon-budget");
    assert.equal(budget!.enforcementlevel, MANDATORY);
    assert.match(budget!.message, /100 \(declared\)/);
  });
});
