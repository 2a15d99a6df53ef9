import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { BenchResult } from "../../../bench/contract";
import { commitOf, describeCommit, main } from "../../../bench/run";

const ROW = `{ work: "w", metric: "m", unit: "u", better: "lower", ours: OURS, spread: 0, peers: { peer: 4 } }`;

describe("npm run bench", () => {
  let folder: string;
  let printed: string;
  const run = (...parameters: string[]): Promise<number> => {
    printed = "";
    const print = (text: string): void => void (printed += `${text}\n`);
    return main(parameters, { folder, now: () => new Date(0), commit: () => "abc1234", print, printError: print });
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "mno-bench-"));
    const module = (file: string, source: string): void => writeFileSync(join(folder, file), source);
    module(
      "good.ts",
      `export async function run(o: object) { return [${ROW.replace("OURS", "o.hasOwnProperty('data') ? 3 : 2")}]; }`,
    );
    module("path.ts", `export async function run({ data }: { data?: string }) { throw new Error("data is " + data); }`);
    module("bad.ts", `export const run = async () => [${ROW.replace("OURS", "0 / 0")}];`);
    module("helper.ts", "export const help = 1;");
    module("suite.ts", `export const parts = ["bad", "good"];`);
    module("contract.ts", "throw new Error('the harness is not loaded as a benchmark');");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const result = (name: string): BenchResult =>
    JSON.parse(readFileSync(join(folder, "results", `${name}.json`), "utf8")) as BenchResult;

  it("writes the result with where it comes from, and a plot, and prints a table", async () => {
    assert.equal(await run("good"), 0, printed);
    const { machine, ...rest } = result("good");
    assert.match(machine, /, \d+ cores, [\d.]+ GiB, Node\.js v\d+/);
    assert.deepEqual(rest, {
      name: "good",
      commit: "abc1234",
      date: "1970-01-01T00:00:00.000Z",
      rows: [{ work: "w", metric: "m", unit: "u", better: "lower", ours: 2, spread: 0, peers: { peer: 4 } }],
    });
    assert.match(readFileSync(join(folder, "results", "good.svg"), "utf8"), /^<svg /);
    assert.match(printed, /good at abc1234 on /);
    assert.match(printed, /peer +4 +u +0\.50/);
  });

  it("hands the data folder on, whole", async () => {
    assert.equal(await run("good", "--data", "some/where"), 0);
    assert.equal(result("good").rows[0]!.ours, 3);
    assert.equal(await run("path", "--data", "some/where"), 1);
    assert.ok(printed.includes(`data is ${resolve("some/where")}`));
  });

  it("runs what a suite lists, and names what failed of it", async () => {
    rmSync(join(folder, "results"), { recursive: true, force: true });
    assert.equal(await run("suite", "--data", "some/where"), 1);
    assert.deepEqual(readdirSync(join(folder, "results")), ["good.json", "good.svg"]);
    assert.equal(result("good").rows[0]!.ours, 3);
    assert.match(printed, /bad failed; the others are written/);
  });

  it("says so where the tree has changes", () => {
    assert.equal(describeCommit("abc1234", ""), "abc1234");
    assert.equal(describeCommit("abc1234", "?? new-file"), "abc1234-dirty");
    assert.match(commitOf(__dirname), /^[0-9a-f]{7,}(-dirty)?$/);
  });

  it("refuses figures that are none, and writes nothing", async () => {
    assert.equal(await run("bad"), 1);
    assert.match(printed, /row 1: ours must be a finite number, not NaN/);
    assert.ok(!readdirSync(join(folder, "results")).some((file) => file.startsWith("bad")));
  });

  for (const parameters of [["nope"], ["helper"], ["contract"], ["../good"], []]) {
    it(`lists what there is for ${JSON.stringify(parameters)}`, async () => {
      assert.equal(await run(...parameters), 2);
      assert.match(printed, /Benchmarks: bad, good, path, suite\n/);
    });
  }

  for (const parameters of [
    ["good", "bad"],
    ["good", "--what"],
    ["good", "--data"],
  ]) {
    it(`refuses ${JSON.stringify(parameters)}`, async () => {
      assert.equal(await run(...parameters), 2);
      assert.match(printed, /usage: npm run bench/);
    });
  }
});
