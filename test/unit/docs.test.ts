import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PAGES } from "../../tools/docs";
import { ROOT } from "../support/platform";

describe("reference pages", () => {
  for (const [path, render] of Object.entries(PAGES)) {
    it(`${path} says what the code says (npm run docs)`, () => {
      assert.equal(readFileSync(join(ROOT, path), "utf8"), render());
    });
  }

  it("README and docs name only commands that exist", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    for (const page of ["README.md", "CONTRIBUTING.md", "docs/architecture.md"]) {
      const text = readFileSync(join(ROOT, page), "utf8");
      for (const [, command = ""] of text.matchAll(/npm run (?:-s )?([a-z][a-zA-Z:-]*)/g)) {
        assert.ok(command in scripts, `${page} names npm run ${command}`);
      }
    }
  });
});
