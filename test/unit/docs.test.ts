import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
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

  it("the threat model names a test that exists for each of its threats", () => {
    const text = readFileSync(join(ROOT, "docs/security.md"), "utf8");
    const threats = text.split("\n").filter((line) => /^\| [STRIDE] \|/.test(line));
    assert.ok(threats.length >= 30);
    for (const threat of threats) {
      const [, test = ""] = /`(test\/[^`]+\.test\.ts)` \|$/.exec(threat) ?? [];
      assert.ok(test !== "" && existsSync(join(ROOT, test)), threat);
    }
  });
});
