import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recipeDigest } from "../../../tools/toolchain/kubernetes";

describe("the digest that a built program is kept under", () => {
  let module: string;
  const recipe = (flags: string[] = []): Parameters<typeof recipeDigest>[0] => ({
    module,
    package: "./program",
    values: { version: "1" },
    flags,
    cpuMinutes: 1,
  });

  beforeEach(() => {
    module = mkdtempSync(join(tmpdir(), "mno-recipe-"));
    mkdirSync(join(module, "program"));
    writeFileSync(join(module, "go.mod"), "module program\nrequire example v1.0.0\n");
    writeFileSync(join(module, "program", "main.go"), "package main\n");
  });
  afterEach(() => rmSync(module, { recursive: true, force: true }));

  it("stays the same while nothing changes, and whatever else lies about", () => {
    const before = recipeDigest(recipe());
    writeFileSync(join(module, "program", "README.md"), "text");
    assert.equal(recipeDigest(recipe()), before);
  });

  it("changes with a pin, a checksum, the source, a flag", () => {
    const digests = [recipeDigest(recipe()), recipeDigest(recipe(["-race"]))];
    writeFileSync(join(module, "go.mod"), "module program\nrequire example v1.0.1\n");
    digests.push(recipeDigest(recipe()));
    writeFileSync(join(module, "go.sum"), "example v1.0.1 h1:\n");
    digests.push(recipeDigest(recipe()));
    writeFileSync(join(module, "program", "main.go"), "package main // changed\n");
    digests.push(recipeDigest(recipe()));
    assert.equal(new Set(digests).size, 5);
  });
});
