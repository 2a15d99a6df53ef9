import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { KUBERNETES_LABELS } from "../../../runtime/exports";
import { type Clock, systemClock } from "../../../runtime/kernel/clock";
import { LocalCluster } from "../../../runtime/kernel/cluster/local/driver";
import { toMicrograms, toNanoKwh } from "../../../runtime/kernel/energy/exact";
import type { AgentDefinition } from "../../../runtime/kernel/lifecycle/agent";
import { Host } from "../../../runtime/kernel/lifecycle/host";
import { carbonMonitor } from "../../../runtime/sustainability/carbon-monitor/agent";
import type { EnergyRecord } from "../../../runtime/sustainability/carbon-monitor/record";
import { energyOptimizer } from "../../../runtime/sustainability/energy-optimizer/agent";
import { greenScheduler } from "../../../runtime/sustainability/green-scheduler/agent";
import { sustainabilityReporter } from "../../../runtime/sustainability/sustainability-reporter/agent";
import { parseDecimal } from "../../../runtime/sustainability/sustainability-reporter/amounts";
import { sha256 } from "../../../runtime/sustainability/sustainability-reporter/canonical";
import type { ReportBody } from "../../../runtime/sustainability/sustainability-reporter/engine";
import { HOUR } from "../../../runtime/sustainability/sustainability-reporter/record";
import type { RevisionAnswer } from "../../../runtime/sustainability/sustainability-reporter/schemas";
import { isSignedBy } from "../../../runtime/sustainability/sustainability-reporter/signer";
import { checkStatements } from "../../../runtime/sustainability/sustainability-reporter/statements";
import { eventually } from "../../support/platform";
import { TestSupervisor } from "../../support/supervisor";
import { silent } from "../auto-scaling-engine/fakes";

const TENANT = `=cmd()|<b>"x"</b>,'y'; / ~`;
const BIN = join(__dirname, "../../../node_modules/.bin");
/** Whole hours around now, for what is recorded within this test; two where an hour ends meanwhile. */
const FROM = Math.floor(Date.now() / HOUR) * HOUR;
const TO = FROM + 2 * HOUR;
const PERIOD = `from=${new Date(FROM).toISOString()}&to=${new Date(TO).toISOString()}`;
const RECORDS = 3;

/** Reads the present as some hours from now: a period can be closed only when it is over. */
const ahead = (milliseconds: number): Clock => ({
  now: () => systemClock.now() + milliseconds,
  sleep: (time, signal) => systemClock.sleep(time, signal),
});

/** The engines as they run in one process, measuring this machine; nothing is faked but the hour at which the books are closed. */
describe("from the processes of this machine to a closed report", function () {
  this.timeout(90_000);
  const supervisor = new TestSupervisor();
  const state = mkdtempSync(join(tmpdir(), "mno-chain-"));
  const called = new Set<string>();
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.once("lookup", (_error, address: string, _family, host: string) => called.add(`${host} ${address}`));
    socket.once("connect", () => called.add(String(socket.remoteAddress ?? "unix")));
  };
  let host: Host;
  let url = "";
  let raw: EnergyRecord[] = [];

  async function start(agents: readonly AgentDefinition[], clock: Clock): Promise<void> {
    const key = join(state, "key.pem");
    host = new Host({
      target: "all",
      version: "0.0.0",
      agents,
      configuration: {
        environment: {
          MNO_STATE_DIR: state,
          MNO_HTTP_PORT: "0",
          MNO_CLUSTER_URL: `local:${supervisor.directory}`,
          MNO_CARBON_SAMPLE_SECONDS: "0.5",
          MNO_CARBON_RECORD_SECONDS: "1",
          MNO_SR_SIGNING_KEY_FILE: key,
          MNO_SR_PUBLICATION: JSON.stringify({ url: "https://example.org/report.html", domain: "example.org" }),
          MNO_SR_CREDITS: JSON.stringify([
            { name: "c", kind: "credit", tonnesCo2e: 1, standard: "s", cancelledAt: new Date(FROM).toISOString() },
          ]),
        },
        file: {},
      },
      log: () => silent,
      clock,
      random: Math.random,
    });
    url = await host.start();
    await eventually("the engines are ready", 40, async () => {
      const response = await fetch(`${url}/readyz`);
      if (response.status === 200) return true;
      throw new Error(await response.text());
    });
  }
  const text = async (path: string): Promise<string> => {
    const response = await fetch(`${url}${path}`);
    const body = await response.text();
    assert.equal(response.status, 200, body);
    return body;
  };

  before(async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(join(state, "key.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    await supervisor.start();
    const cluster = new LocalCluster(supervisor.directory);
    await cluster.apply({
      name: "web",
      kind: "service",
      command: [process.execPath, join(__dirname, "../../support/workloads/service.js")],
      requests: { cpuCores: 0.1, memoryBytes: 2 ** 20 },
      replicas: 1,
      labels: { [KUBERNETES_LABELS.tenant]: TENANT },
      ports: [{ name: "http", port: 0 }],
    });
    await eventually("the workload runs", 30, async () =>
      (await cluster.get("web"))?.readyReplicas === 1 ? true : undefined,
    );
    await cluster.close();
    subscribe("net.client.socket", onSocket);
    await start([carbonMonitor, greenScheduler, energyOptimizer, sustainabilityReporter], systemClock);
  });
  after(async () => {
    unsubscribe("net.client.socket", onSocket);
    await host?.drain();
    await supervisor.close();
    rmSync(state, { recursive: true, force: true });
  });

  it("takes in every record that the monitor made", async () => {
    const recordsOf = async (): Promise<EnergyRecord[]> =>
      (JSON.parse(await text(`/carbon-monitor/v1/records?${PERIOD}&limit=1000`)) as { items: EnergyRecord[] }).items;
    await eventually("some records", 30, async () => ((await recordsOf()).length >= RECORDS ? true : undefined));
    // The monitor writes what it has when it drains; the reporter takes that in when both are up again.
    await host.drain();
    await start([carbonMonitor, sustainabilityReporter], ahead(3 * HOUR));
    raw = await recordsOf();
    const parts = raw.reduce((sum, record) => sum + record.parts.length, 0);
    await eventually("the report has them all", 30, async () => {
      const report = JSON.parse(await text(`/sustainability-reporter/v1/reports?${PERIOD}`)) as ReportBody;
      return report.quality.records === String(parts) ? true : undefined;
    });
    assert.ok(
      raw.some((record) => record.parts.some(({ tenant, workload }) => tenant === TENANT && workload === "web")),
    );
  });

  it("closes the period, signed, to the sum of the monitor's raw records", async () => {
    const [from, to] = [FROM, TO].map((at) => new Date(at).toISOString());
    const response = await fetch(`${url}/sustainability-reporter/v1/reports`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ from, to }),
    });
    const closed = (await response.json()) as RevisionAnswer;
    assert.deepEqual([response.status, closed.revision, closed.signed], [201, 1, true]);
    const body = await text(`/sustainability-reporter/v1/reports/${closed.reportId}`);
    assert.equal(sha256(body), closed.sha256);
    assert.equal(isSignedBy(body, closed.signature!), true);
    const report = JSON.parse(body) as ReportBody;
    const { totals, signals, statements } = report;
    const total = (of: (record: EnergyRecord) => bigint): bigint => raw.reduce((all, one) => all + of(one), 0n);
    assert.equal(
      parseDecimal(totals.energyKwh, 9),
      total(({ energyKwh }) => toNanoKwh(energyKwh)),
    );
    assert.equal(
      parseDecimal(totals.locationBasedGramsCo2e, 6),
      total(({ gramsCo2e }) => toMicrograms(gramsCo2e)),
    );
    assert.equal(
      parseDecimal(totals.embodiedGramsCo2e, 6),
      total(({ embodiedGramsCo2e }) => toMicrograms(embodiedGramsCo2e)),
    );
    assert.deepEqual(checkStatements(statements, totals), []);
    // The grid's figure is the package's own: dated, with its licence, and of one signal.
    assert.deepEqual([signals.length, signals[0]!.signal], [1, "average"]);
    assert.match(signals[0]!.sources.join(), /Apache-2\.0|ODbL/);
    assert.ok(Date.parse(signals[0]!.dataTo) < FROM);
  });

  describe("and gives it out in every format", () => {
    let report: ReportBody;
    const get = (format: string): Promise<string> =>
      text(`/sustainability-reporter/v1/reports?${PERIOD}&format=${format}`);
    before(async () => void (report = JSON.parse(await get("json")) as ReportBody));

    it("CSV, whose rows sum to the totals, with the tenant's formula disarmed", async () => {
      const [, ...lines] = (await get("csv")).trimEnd().split("\r\n");
      const quoted = `"'=cmd()|<b>""x""</b>,'y'; / ~"`;
      assert.ok(lines.some((line) => line.includes(`,${quoted},web,workload,`)));
      const energies = lines.map((line) => line.replace(quoted, "tenant").split(",")[6]!);
      assert.equal(
        energies.reduce((all, energy) => all + parseDecimal(energy, 9), 0n),
        parseDecimal(report.totals.energyKwh, 9),
      );
    });

    it("HTML in which nothing of a name is markup, and every plot is finite", async () => {
      const page = await get("html");
      assert.ok(!page.includes("<b>"));
      assert.ok(page.includes("=cmd()|&#60;b&#62;&#34;x&#34;&#60;/b&#62;,&#39;y&#39;; / ~"));
      assert.doesNotMatch(page, /NaN|Infinity|undefined|\[object/);
      const tags = [...page.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*?(\/?)>/g)];
      const open: string[] = [];
      for (const [, close, name, selfClosing] of tags) {
        if (selfClosing || ["meta", "line"].includes(name!)) continue;
        if (close) assert.equal(open.pop(), name);
        else open.push(name!);
      }
      assert.deepEqual(open, []);
    });

    it("an Impact Framework manifest that if-check verifies and if-run comes to the same with", async () => {
      const file = join(state, "manifest.yaml");
      writeFileSync(file, await get("impact-framework"));
      const run = (command: string, ...parameters: string[]): string =>
        execFileSync(process.execPath, [join(BIN, command), ...parameters], { encoding: "utf8", stdio: "pipe" });
      assert.match(run("if-check", "-m", file), /successfully verified/);
      run("if-run", "-m", file, "-o", join(state, "executed"));
      const { tree } = parseYaml(readFileSync(join(state, "executed.yaml"), "utf8"));
      const carbon = Number(report.totals.locationBasedGramsCo2e) + Number(report.totals.embodiedGramsCo2e);
      assert.ok(Math.abs(tree.aggregated.carbon - carbon) <= 1e-9 * carbon);
      assert.ok(Math.abs(tree.aggregated.energy - Number(report.totals.energyKwh)) <= 1e-12);
    });

    it("carbon.txt, GHG Protocol and ESRS, with credits beside the totals", async () => {
      const { org } = parseToml(await get("carbon-txt")) as unknown as { org: { disclosures: { url: string }[] } };
      assert.equal(org.disclosures[0]!.url, "https://example.org/report.html");
      const ghg = JSON.parse(await get("ghg-protocol")) as ReportBody["statements"]["ghgProtocol"];
      const { operationalLocationBasedGramsCo2e, operationalMarketBasedGramsCo2e } =
        ghg.scope3.category1PurchasedGoodsAndServices;
      assert.equal(operationalLocationBasedGramsCo2e, report.totals.locationBasedGramsCo2e);
      assert.equal(operationalMarketBasedGramsCo2e, report.totals.marketBasedGramsCo2e);
      assert.deepEqual(ghg.scope2, { locationBasedGramsCo2e: "0", marketBasedGramsCo2e: "0" });
      const esrs = JSON.parse(await get("esrs")) as ReportBody["statements"]["esrs"];
      const emitted =
        parseDecimal(report.totals.locationBasedGramsCo2e, 6) + parseDecimal(report.totals.embodiedGramsCo2e, 6);
      assert.equal(parseDecimal(esrs["E1-6"].totalLocationBasedTonnes, 12), emitted);
      assert.equal(esrs["E1-7"].credits.length, 1);
    });
  });

  it("calls nothing but this machine: no feed is configured", () => {
    assert.deepEqual(
      [...called].filter((peer) => !/^(::1|127\.0\.0\.1|localhost (::1|127\.0\.0\.1)|unix)$/.test(peer)),
      [],
    );
    assert.ok(called.size > 0);
  });
});
