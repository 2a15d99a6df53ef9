import assert from "node:assert/strict";
import { MnoError } from "../../../runtime/exports";
import { type AccessRule, checkAccess } from "../../../runtime/kernel/http/access";

const TOKEN = "a-token-of-some-length";

function refusal(method: string, headers: Record<string, string>, rule: AccessRule): string | undefined {
  try {
    checkAccess(method, headers, rule);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof MnoError);
    return error.code;
  }
}

describe("HTTP access rule", () => {
  const loopback: AccessRule = { host: "127.0.0.1" };
  const open: AccessRule = { host: "0.0.0.0" };

  for (const host of ["localhost:4600", "127.0.0.1:4600", "[::1]:4600", "127.9.9.9"]) {
    it(`takes writes on loopback addressed to ${host}`, () => {
      assert.equal(refusal("POST", { host }, loopback), undefined);
    });
  }

  for (const host of ["evil.example", "evil.example:4600", "127.0.0.1.evil.example", "localhost.evil.example:4600"]) {
    it(`refuses ${host} on loopback, reads too (DNS rebinding)`, () => {
      assert.equal(refusal("GET", { host }, loopback), "MNO_HOST_REFUSED");
      assert.equal(refusal("POST", { host }, loopback), "MNO_HOST_REFUSED");
    });
  }

  describe("on loopback without a token, of what browsers send for web pages", () => {
    const ask = (headers: Record<string, string>, method = "POST", rule = loopback): string | undefined =>
      refusal(method, { host: "localhost:4600", ...headers }, rule);
    const foreign: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "" },
      { origin: "http://localhost:3000" },
      { origin: "http://localhost:4600.evil.example" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "http://localhost:4600", "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreign) {
      it(`refuses writes, and no reads, with ${JSON.stringify(headers)}`, () => {
        for (const method of ["POST", "PUT", "PATCH", "DELETE"])
          assert.equal(ask(headers, method), "MNO_ORIGIN_REFUSED");
        assert.equal(ask(headers, "GET"), undefined);
        assert.equal(
          ask({ ...headers, authorization: `Bearer ${TOKEN}` }, "POST", { ...loopback, apiToken: TOKEN }),
          undefined,
        );
      });
    }

    it("takes the writes of its own pages, of the user's own doing, and of what is no browser", () => {
      assert.equal(ask({ origin: "http://localhost:4600", "sec-fetch-site": "same-origin" }), undefined);
      assert.equal(ask({ "sec-fetch-site": "none" }), undefined);
      assert.equal(ask({}), undefined);
    });
  });

  it("off loopback serves reads, and refuses every write without a configured token", () => {
    assert.equal(refusal("GET", { host: "example.org" }, open), undefined);
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      assert.equal(refusal(method, { host: "example.org" }, open), "MNO_WRITES_DISABLED");
    }
  });

  it("with a token takes the right one only, on loopback too", () => {
    for (const rule of [
      { ...loopback, apiToken: TOKEN },
      { ...open, apiToken: TOKEN },
    ]) {
      const ask = (authorization?: string): string | undefined =>
        refusal("POST", { host: "localhost", ...(authorization === undefined ? {} : { authorization }) }, rule);
      assert.equal(ask(`Bearer ${TOKEN}`), undefined);
      assert.equal(ask(`bearer ${TOKEN}`), undefined);
      for (const wrong of [undefined, "", "Bearer", `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Basic ${TOKEN}`]) {
        assert.equal(ask(wrong), "MNO_UNAUTHENTICATED", String(wrong));
      }
    }
  });

  it("guards what is confidential as it guards writes, but on loopback without a token", () => {
    const confidential = (rule: AccessRule): AccessRule => ({ ...rule, confidential: true });
    const ask = (rule: AccessRule, headers: Record<string, string> = {}): string | undefined =>
      refusal("GET", { host: "localhost", ...headers }, confidential(rule));
    assert.equal(ask(loopback), undefined);
    assert.equal(ask(loopback, { host: "evil.example" }), "MNO_HOST_REFUSED");
    assert.equal(ask(open), "MNO_UNAUTHENTICATED");
    for (const rule of [loopback, open]) {
      const secured = { ...rule, apiToken: TOKEN };
      assert.equal(ask(secured), "MNO_UNAUTHENTICATED");
      assert.equal(ask(secured, { authorization: `Bearer ${TOKEN}x` }), "MNO_UNAUTHENTICATED");
      assert.equal(ask(secured, { authorization: `Bearer ${TOKEN}` }), undefined);
    }
  });
});
