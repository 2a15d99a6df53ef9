import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { carbonTxt, render } from "../../../runtime/sustainability/sustainability-reporter/formats";
import { ed25519Signer, isSignedBy } from "../../../runtime/sustainability/sustainability-reporter/signer";
import { measured, records, reportOf } from "./support";

const EVIL = `<script>alert("x")</script>, & 'y'`;
const report = reportOf(
  records(
    measured([
      { workload: "web", tenant: "acme", energy: 123_456_789, carbon: 45_678_901, embodied: 1_234_567 },
      { workload: "12", tenant: "=1+1", energy: 234_567_891, carbon: 86_790_119, embodied: 2 },
      // Two that one path would be the same for.
      { workload: "c", tenant: "a/b", energy: 5, carbon: 7 },
      { workload: "b/c", tenant: "a", energy: 3, carbon: 2 },
      { kind: "idle", energy: 11, carbon: 13 },
    ]),
    measured([{ workload: EVIL, tenant: EVIL, energy: 1, carbon: 1 }], { region: "eu-north-1" }),
  ),
);
const BIN = join(__dirname, "../../../node_modules/.bin");

describe("sustainability reporter: formats", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "mno-report-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("CSV has a row for each workload, quoted, and no cell that a spreadsheet would run", () => {
    const lines = render("csv", report, null).trimEnd().split("\r\n");
    assert.equal(lines.length, 1 + report.workloads.length);
    assert.ok(lines.some((line) => line.includes(",'=1+1,12,workload,0.234567891,86.790119,")));
    assert.ok(lines.at(-1)!.includes(`"<script>alert(""x"")</script>, & 'y'"`));
  });

  it("CSV guards every sign that a spreadsheet takes for a formula, and says what a row rests on", () => {
    const names = ["=1", "+a", "-a", "@a", " =1", "\uff1d1", "a;=1", "-5"];
    const data = measured(names.map((tenant) => ({ workload: "w", tenant, energy: 1, carbon: 1 })));
    const [head, ...lines] = render("csv", reportOf(records(data)), null)
      .trimEnd()
      .split("\r\n");
    assert.match(head!, /,methods,sources,dataFrom,dataTo$/);
    assert.match(lines[0]!, /,teads,test table \(average\),2026-03-01T00:00:00.000Z,/);
    assert.deepEqual(lines.map((line) => line.split(",")[3]).sort(), [
      '"a;=1"',
      "' =1",
      "'+a",
      "'-a",
      "'=1",
      "'@a",
      "'\uff1d1",
      "-5",
    ]);
  });

  it("the Impact Framework comes to the same totals, and if-check verifies the manifest", async function () {
    this.timeout(60_000);
    const file = join(folder, "manifest.yaml");
    writeFileSync(file, render("impact-framework", report, null));
    const run = (command: string, ...parameters: string[]): string =>
      execFileSync(process.execPath, [join(BIN, command), ...parameters], { encoding: "utf8", stdio: "pipe" });
    assert.match(run("if-check", "-m", file), /successfully verified/);
    run("if-run", "-m", file, "-o", join(folder, "executed"));
    const { tree } = parseYaml(readFileSync(join(folder, "executed.yaml"), "utf8"));
    const near = (actual: number, expected: number): void =>
      assert.ok(Math.abs(actual - expected) <= 1e-9 * expected, `${actual} is not ${expected}`);
    near(tree.aggregated.energy, Number(report.totals.energyKwh));
    near(
      tree.aggregated.carbon,
      Number(report.totals.locationBasedGramsCo2e) + Number(report.totals.embodiedGramsCo2e),
    );
    assert.equal(Object.keys(tree.children).length, report.workloads.length);
  });

  it("an empty report has a manifest too", async function () {
    this.timeout(60_000);
    const file = join(folder, "empty.yaml");
    writeFileSync(file, render("impact-framework", reportOf([]), null));
    const output = execFileSync(process.execPath, [join(BIN, "if-check"), "-m", file], { encoding: "utf8" });
    assert.match(output, /successfully verified/);
  });

  it("carbon.txt is TOML with the fields of syntax 0.5", () => {
    const text = carbonTxt(
      {
        url: "https://example.org/report.html",
        domain: "example.org",
        validUntil: "2027-03-01",
        services: [{ domain: "cloud.example", name: 'A "cloud"', serviceTypes: ["virtual-servers"] }],
      },
      report.period,
      "2026-03-02",
    );
    const parsed = parseToml(text) as unknown as {
      version: string;
      last_updated: Date;
      org: { disclosures: Record<string, unknown>[] };
      upstream: { services: Record<string, unknown>[] };
    };
    assert.deepEqual(Object.keys(parsed), ["version", "last_updated", "org", "upstream"]);
    assert.equal(parsed.version, "0.5");
    assert.equal(parsed.last_updated.toISOString(), "2026-03-02");
    const disclosure = parsed.org.disclosures[0]!;
    assert.deepEqual(Object.keys(disclosure), ["doc_type", "url", "domain", "valid_until", "title"]);
    assert.equal(disclosure.doc_type, "sustainability-page");
    assert.deepEqual(
      { ...parsed.upstream.services[0] },
      { domain: "cloud.example", name: 'A "cloud"', service_type: ["virtual-servers"] },
    );
    assert.deepEqual(Object.keys(parseToml(carbonTxt({ url: "https://a.example" }, report.period, "2026-03-02"))), [
      "version",
      "last_updated",
      "org",
    ]);
  });

  it("the page escapes names, needs nothing from elsewhere, and says whether it is provisional", () => {
    const page = render("html", report, null);
    assert.ok(!page.includes("<script"));
    assert.ok(page.includes("&#60;script&#62;alert(&#34;x&#34;)"));
    assert.doesNotMatch(page, /(?:src|href)=|url\(|@import/);
    assert.match(page, /Provisional/);
    assert.match(page, /<svg[^>]*role="img"/);
    assert.match(page, /@media print/);
    const sealed = { reportId: "rpt_1", revision: 2, sha256: "ab", signature: null };
    assert.match(render("html", report, sealed), /rpt_1, revision 2, not signed, SHA-256 ab/);
  });

  it("the page shows the largest tenants of many, and gaps where nothing was recorded", () => {
    const tenants = Array.from({ length: 30 }, (_, index) => ({
      workload: "w",
      tenant: `tenant-${String(index).padStart(2, "0")}-${"x".repeat(index)}`,
      energy: index + 1,
      carbon: 1,
    }));
    const later = { from: "2026-03-01T18:00:00.000Z", to: "2026-03-01T18:01:00.000Z" };
    const page = render("html", reportOf(records(measured(tenants), measured(tenants, later))), null);
    const shown = [...page.matchAll(/<title>(tenant-\d\d)/g)].map(([, name]) => name);
    assert.deepEqual([shown.length, shown[0], shown.at(-1)], [25, "tenant-29", "tenant-05"]);
    assert.match(page, /5 smaller ones are in the CSV and JSON forms/);
    assert.match(page, />tenant-29-x{17}…<\/text>/);
    // An hour is 656/24 wide; the second bar is 18 of them after the first.
    assert.deepEqual(
      [...page.matchAll(/<rect x="([\d.]+)"[^>]*><title>2026/g)].map(([, x]) => x),
      ["64.00", "556.00"],
    );
  });

  it("the statements come as JSON of their own", () => {
    const ghg = JSON.parse(render("ghg-protocol", report, null));
    assert.ok("scope2" in ghg && "scope3" in ghg);
    assert.ok("E1-6" in JSON.parse(render("esrs", report, null)));
  });
});

describe("sustainability reporter: signer", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "mno-key-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("signs with Ed25519, and another text does not pass", async () => {
    const file = join(folder, "key.pem");
    writeFileSync(file, generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));
    const signature = await ed25519Signer(file).sign("the report");
    assert.equal(isSignedBy("the report", signature), true);
    assert.equal(isSignedBy("the Report", signature), false);
    assert.match(signature.keyId, /^[0-9a-f]{64}$/);
  });

  it("refuses a file that is not there, no key, or a key of another kind", () => {
    const file = join(folder, "other.pem");
    assert.throws(() => ed25519Signer(join(folder, "none.pem")), /is not there/);
    writeFileSync(file, "secret");
    assert.throws(() => ed25519Signer(file), /holds no private key/);
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
    assert.throws(() => ed25519Signer(file), /type ec, not ed25519/);
  });
});
