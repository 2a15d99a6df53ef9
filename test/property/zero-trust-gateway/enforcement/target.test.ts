import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../../runtime/exports";
import { sift } from "../../../../runtime/security/zero-trust-gateway/enforcement/header-rules";
import { readTarget, type Target } from "../../../../runtime/security/zero-trust-gateway/enforcement/target";
import { readCheckRequest } from "../../../../runtime/security/zero-trust-gateway/ext-authz/messages";
import { validateRoutes } from "../../../../runtime/security/zero-trust-gateway/routing/validate";

const piece = fc.constantFrom(
  "/",
  "a",
  ".",
  "..",
  "%2e",
  "%2E",
  "%2f",
  "%5c",
  "%25",
  "%00",
  ";",
  "?",
  "é",
  "%c3%a9",
  "%",
  "\\",
  " ",
  "~",
);
const target = fc.oneof(
  fc.array(piece, { maxLength: 20 }).map((pieces) => `/${pieces.join("")}`),
  fc.string({ unit: "binary", maxLength: 60 }),
);

/** What comes back, or undefined where it is refused; any other error is a fault. */
function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assert.ok(error instanceof MnoError, String(error));
    assert.ok(error.status < 500);
    return undefined;
  }
}

describe("zero-trust gateway: what can be understood (properties)", () => {
  it("a target is refused, or has one path: without dot segments or slashes in disguise, and the same once it is normal", () => {
    fc.assert(
      fc.property(target, (text) => {
        const read: Target | undefined = tried(() => readTarget(text));
        if (!read) return;
        assert.match(read.canonical, /^\/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*$/);
        assert.ok(!read.path.split("/").some((segment) => segment === "." || segment === ".."));
        assert.ok(!read.path.includes("//"));
        assert.equal(decodeURIComponent(read.canonical), read.path);
        assert.deepEqual(readTarget(read.canonical), { path: read.path, canonical: read.canonical, query: "" });
      }),
      { numRuns: 20_000 },
    );
  });

  it("a plain path is read as the same path with a character percent-encoded is, which takes the longer way", () => {
    const characters = [..."abzAZ09._~!$&'()*+,;=:@-/"];
    const path = fc.string({ unit: fc.constantFrom(...characters), maxLength: 30 }).map((text) => `/${text}`);
    let plain = 0;
    fc.assert(
      fc.property(path, fc.constantFrom("", "?q=1"), (text, query) => {
        const short = tried(() => readTarget(`${text}${query}`));
        const long = tried(() => readTarget(`${text}/%61${query}`));
        if (text.endsWith("/")) return;
        if (short === undefined) return assert.equal(long, undefined);
        plain += 1;
        const further = { path: `${short.path}/a`, canonical: `${short.canonical}/a`, query: short.query };
        assert.deepEqual(
          long,
          short.path.endsWith("/") ? { ...further, path: `${short.path}a`, canonical: `${short.canonical}a` } : further,
        );
      }),
      { numRuns: 20_000 },
    );
    assert.ok(plain > 2000, String(plain));
  });

  it("headers are refused, or each name that only proxies may say is gone", () => {
    const name = fc.oneof(
      fc.constantFrom(
        "X-Mno-Subject",
        "x_mno_subject",
        "X-Forwarded-For",
        "Forwarded",
        "Cookie",
        "Connection",
        "__proto__",
        "constructor",
        "X-A",
      ),
      fc.string({ maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.string({ maxLength: 20 })), { maxLength: 12 }), (headers) => {
        const sifted = tried(() => sift(headers.flat(), false));
        if (!sifted) return;
        for (const each of Object.keys(sifted.byName)) {
          assert.doesNotMatch(each.replaceAll("_", "-"), /^(x-mno-|x-forwarded-|forwarded$)/);
          assert.equal(each, each.toLowerCase());
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it("no bytes at the gRPC door do anything but become a request or be refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          assert.equal(typeof readCheckRequest(bytes).path, "string");
        } catch (error) {
          assert.ok(error instanceof Error);
        }
      }),
      { numRuns: 10_000 },
    );
  });

  it("routes are valid or refused with their faults, whatever they are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.array(fc.object({ key: fc.constantFrom("name", "upstream", "url", "hosts", "__proto__") })),
        ),
        (input) => {
          const routes = tried(() => validateRoutes(input));
          if (routes) assert.ok(routes.every(({ name, pathPrefix }) => name !== "" && pathPrefix.startsWith("/")));
        },
      ),
      { numRuns: 3000 },
    );
  });
});
