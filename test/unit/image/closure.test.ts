import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageClosure } from "../../../tools/image/closure";
import { importedPackages } from "../../../tools/image/imports";
import { isLoadable, runtimeFiles } from "../../../tools/image/package-files";

/** A project with a lock file and the packages that it locks, but for those of other platforms. */
class Project {
  readonly root = mkdtempSync(join(tmpdir(), "mno-closure-"));

  write(path: string, text = ""): string {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  lock(packages: Record<string, object>, installed = Object.keys(packages)): void {
    this.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {}, ...packages } }));
    for (const path of installed) this.write(`${path}/package.json`, "{}");
  }
}

describe("packages of an image", () => {
  let project: Project;
  beforeEach(() => {
    project = new Project();
    project.write("package.json", JSON.stringify({ dependencies: { a: "1" }, devDependencies: { tool: "1" } }));
  });
  afterEach(() => rmSync(project.root, { recursive: true }));

  const paths = (...names: string[]): string[] => packageClosure(project.root, names).map(({ path }) => path);
  const refused = (work: () => void, message: RegExp): void =>
    assert.throws(work, { code: "MNO_IMAGE_INVALID", message });

  it("are those that files load, whichever way", () => {
    const file = project.write(
      "main.js",
      `const fs = require("node:fs"); const path = require("path"); const deep = require("@scope/one/deep");
       import("two"); require.resolve("tool/register"); require("./other")`,
    );
    project.write("other.js", `require("three")`);
    assert.deepEqual(importedPackages([file]), ["@scope/one", "three", "two"]);
    refused(
      () => importedPackages([project.write("broken.js", `require("./absent")`)]),
      /Could not resolve "\.\/absent"/,
    );
  });

  it("are followed as Node resolves them, the nearest first, round cycles once", () => {
    project.lock({
      "node_modules/a": { version: "1.0.0", license: "MIT", dependencies: { b: "2", c: "1" } },
      "node_modules/a/node_modules/b": { version: "2.0.0", dependencies: { c: "1" } },
      "node_modules/b": { version: "1.0.0" },
      "node_modules/c": { version: "1.0.0", dependencies: { a: "1" } },
    });
    assert.deepEqual(paths("a"), ["node_modules/a", "node_modules/a/node_modules/b", "node_modules/c"]);
    const [a] = packageClosure(project.root, ["a"]);
    assert.deepEqual(a?.dependencies, ["node_modules/a/node_modules/b", "node_modules/c"]);
    assert.equal(a.license, "MIT");
  });

  it("count peers that are required, and optional packages where they are installed", () => {
    project.lock(
      {
        "node_modules/a": {
          peerDependencies: { peer: "1", maybe: "1" },
          peerDependenciesMeta: { maybe: { optional: true } },
          optionalDependencies: { here: "1", elsewhere: "1" },
        },
        "node_modules/peer": {},
        "node_modules/maybe": {},
        "node_modules/here": {},
        "node_modules/elsewhere": {},
      },
      ["node_modules/a", "node_modules/peer", "node_modules/maybe", "node_modules/here"],
    );
    assert.deepEqual(paths("a"), ["node_modules/a", "node_modules/here", "node_modules/peer"]);
  });

  it("must be dependencies of the project, and installed", () => {
    project.lock({ "node_modules/a": { dependencies: { b: "1" } }, "node_modules/tool": { dev: true } });
    refused(() => paths("a", "tool"), /the runtime imports tool: list it in "dependencies"/);
    refused(() => paths("a"), /b, needed by node_modules\/a, is not installed: npm ci/);
  });

  it("bring what can be loaded and their licences, not what is for people and compilers", () => {
    for (const path of [
      "package.json",
      "index.js",
      "data.wasm",
      "dist/doc/parser.js",
      "LICENSE.md",
      "lib/NOTICE",
      ...["README.md", "index.d.ts", "index.js.map", "src/index.ts", "docs/a.js", "test/a.js", ".github/a.js"],
      ...["node_modules/b/index.js", "prebuilds/linux/x.bare"],
    ])
      project.write(`package/${path}`);
    const files = runtimeFiles(join(project.root, "package"));
    assert.deepEqual(files, [
      "LICENSE.md",
      "data.wasm",
      "dist/doc/parser.js",
      "index.js",
      "lib/NOTICE",
      "package.json",
    ]);
    assert.equal(isLoadable(files), true);
    assert.equal(isLoadable(["package.json", "LICENSE"]), false);
  });
});
