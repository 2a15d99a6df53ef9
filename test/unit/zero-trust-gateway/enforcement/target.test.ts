import assert from "node:assert/strict";
import { readTarget } from "../../../../runtime/security/zero-trust-gateway/enforcement/target";

const READ: [target: string, path: string, canonical: string, query?: string][] = [
  ["/", "/", "/"],
  ["/a/b?c=d", "/a/b", "/a/b", "c=d"],
  ["/a/./b/../c", "/a/c", "/a/c"],
  ["/a/b/..", "/a/", "/a/"],
  ["/a/%2e%2E/admin", "/admin", "/admin"],
  ["/%61dmin", "/admin", "/admin"],
  ["/a%20b", "/a b", "/a%20b"],
  ["/caf%c3%a9", "/café", "/caf%C3%A9"],
  ["/a;v=1", "/a;v=1", "/a;v=1"],
  ['/a"b', '/a"b', "/a%22b"],
  ["/100%25", "/100%", "/100%25"],
  ["/a/?x=//..%2f%00", "/a/", "/a/", "x=//..%2f%00"],
];

const REFUSED: Record<string, string> = {
  "an encoded slash": "/public%2fadmin",
  "an encoded backward slash": "/public%5Cadmin",
  "a backward slash": "/public\\..\\admin",
  "an encoded NUL": "/admin%00.png",
  "an encoded line break": "/a%0d%0aX: y",
  "a path encoded twice": "/%252e%252e/admin",
  "a slash encoded twice": "/a%252fb",
  "an empty segment": "//admin",
  "an empty segment in the middle": "/a//b",
  "a path above the root": "/../admin",
  "a path above the root, encoded": "/a/%2e%2e/%2e%2e/admin",
  "parameters on a dot segment": "/public/..;/admin",
  "a percent sign alone": "/a%",
  "a percent sign before what is no hexadecimal": "/a%zz",
  "an overlong slash": "/a%c0%afb",
  "half a character": "/a%c3",
  "a fragment": "/a#b",
  "raw bytes beyond ASCII": "/caf\u00e9",
  "a space": "/a b",
  "no path": "admin",
  nothing: "",
};

describe("zero-trust gateway: targets", () => {
  for (const [target, path, canonical, query = ""] of READ) {
    it(`${target} is ${path}`, () => {
      assert.deepEqual(readTarget(target), { path, canonical, query });
      assert.equal(readTarget(canonical).path, path);
    });
  }
  for (const [what, target] of Object.entries(REFUSED)) {
    it(`refuses ${what}`, () => {
      assert.throws(() => readTarget(target), { code: "MNO_REQUEST_MALFORMED" });
    });
  }
});
