import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..", "..");

describe("docs/kubernetes.md", () => {
  it("has every setting of the stack, and none that there is not", () => {
    const source = readFileSync(join(ROOT, "stacks", "kubernetes", "settings.ts"), "utf8");
    const body = /export interface Settings \{([\s\S]*?)\n\}/.exec(source)?.[1] ?? "";
    const settings = [...body.matchAll(/^ {2}(\w+)\??:/gm)].map(([, name]) => name);
    const table = /## Settings([\s\S]*?)## Profiles/.exec(
      readFileSync(join(ROOT, "docs", "kubernetes.md"), "utf8"),
    )?.[1];
    const documented = [...(table ?? "").matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    assert.ok(settings.length > 15);
    assert.deepEqual(documented.sort(), settings.sort());
  });
});
