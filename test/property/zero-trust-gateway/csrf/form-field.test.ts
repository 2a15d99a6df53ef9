import assert from "node:assert/strict";
import fc from "fast-check";
import { formField } from "../../../../runtime/security/zero-trust-gateway/csrf/form-field";
import { forgeryOf } from "../../../../runtime/security/zero-trust-gateway/csrf/guard";
import { CsrfTokens } from "../../../../runtime/security/zero-trust-gateway/csrf/tokens";
import { ALICE } from "../../../support/gateway";
import { requestOf } from "../../../unit/zero-trust-gateway/identity/support";

const tokens = new CsrfTokens(Buffer.alloc(32, 1));
const TOKEN = tokens.issue(ALICE.session?.id ?? "");
const OTHER = tokens.issue("of somebody else");
const options = { mode: "enforce" as const, token: "always" as const, field: "csrf_token", trustedOrigins: [] };

const type = fc.oneof(
  fc.constantFrom(
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    'multipart/form-data; boundary="b"',
    "multipart/form-data",
  ),
  fc.string({ maxLength: 40 }),
);
/** Pieces that forms are made of, in any order, and anything else. */
const piece = fc.oneof(
  fc.constantFrom("csrf_token=", "&", "--b", "--b--", "\r\n", "\r\n\r\n", 'content-disposition: form-data; name="'),
  fc.constantFrom('csrf_token"', '; filename="x"', OTHER, "%", "="),
  fc.string({ maxLength: 20 }),
);
const content = fc.oneof(
  fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(""))),
  fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
);

describe("zero-trust gateway: tokens in forms (properties)", () => {
  it("never throws, whatever the content is and is said to be", () => {
    fc.assert(
      fc.property(type, content, (contentType, body) => {
        const found = formField(requestOf({ "content-type": contentType }), body, "csrf_token");
        assert.ok(found === undefined || found.length <= 256);
      }),
      { numRuns: 1000 },
    );
  });

  it("finds no forgery less without the session's token, whatever else the form has", () => {
    fc.assert(
      fc.property(type, content, fc.constantFrom(TOKEN, OTHER), (contentType, body, cookie) => {
        const headers = { "content-type": contentType, cookie: `__Host-mno-csrf=${cookie}` };
        const request = requestOf(headers, { method: "POST" });
        const forgery = forgeryOf({ request, principal: ALICE, options, upgrade: false, tokens, content: body });
        assert.ok(forgery !== undefined && !forgery.mayFollow);
      }),
      { numRuns: 1000 },
    );
  });
});
