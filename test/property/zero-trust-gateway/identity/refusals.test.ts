import assert from "node:assert/strict";
import fc from "fast-check";
import { validateHeaderValue } from "node:http";
import { ERRORS, type ErrorCode, MnoError } from "../../../../runtime/exports";
import { refusalHeaders } from "../../../../runtime/security/zero-trust-gateway/identity/refusals";
import { ORIGIN, requestOf } from "../../../unit/zero-trust-gateway/identity/support";

const CODES = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => [401, 403, 429, 503].includes(ERRORS[code].status));
const EXTENSIONS = { retryAfterSeconds: 7, limits: [], acrValues: "mfa", maxAgeSeconds: 300 };
const proofs = { nonce: () => "nonce" };

describe("zero-trust gateway: headers of refusals", () => {
  it("are headers, whatever the message and the target have in them, and lead nowhere else (property)", () => {
    fc.assert(
      fc.property(fc.constantFrom(...CODES), fc.string({ unit: "binary" }), fc.string(), (code, message, target) => {
        const error = new MnoError(code, message, { extensions: EXTENSIONS });
        const request = requestOf({ accept: "text/html" }, { target: `/${target}` });
        for (const [name, value] of Object.entries(refusalHeaders(error, request, proofs, true))) {
          for (const one of [value].flat()) validateHeaderValue(name, one);
          if (name === "location") assert.equal(new URL(String(value), ORIGIN).origin, ORIGIN);
        }
      }),
      { numRuns: 2000 },
    );
  });

  const headers = (code: ErrorCode, request = requestOf(), canLogIn = true) =>
    refusalHeaders(new MnoError(code, 'not "valid"', { extensions: EXTENSIONS }), request, proofs, canLogIn);

  it("challenge as RFC 6750, RFC 9449 and RFC 9470 have it", () => {
    assert.equal(headers("MNO_UNAUTHENTICATED")["www-authenticate"], "Bearer");
    assert.equal(
      headers("MNO_TOKEN_INVALID")["www-authenticate"],
      `Bearer error="invalid_token", error_description="not 'valid'"`,
    );
    assert.match(
      String(headers("MNO_DPOP_INVALID")["www-authenticate"]),
      /^DPoP error="invalid_dpop_proof", .*, algs="ES256 /,
    );
    assert.equal(
      headers("MNO_STEP_UP_REQUIRED")["www-authenticate"],
      `Bearer error="insufficient_user_authentication", error_description="not 'valid'", acr_values="mfa", max_age=300`,
    );
    assert.equal(headers("MNO_RATE_LIMITED")["retry-after"], "7");
    assert.deepEqual(headers("MNO_ACCOUNT_DISABLED"), {});
  });

  it("send a browser to log in or to step up, a program nowhere, and clear a dead session", () => {
    const navigation = requestOf({ "sec-fetch-mode": "navigate" }, { target: "/orders?a=1" });
    assert.equal(headers("MNO_SESSION_OVER", navigation).location, "/.mno/login?return_to=%2Forders%3Fa%3D1");
    assert.equal(headers("MNO_STEP_UP_REQUIRED", navigation).location, "/.mno/step-up?return_to=%2Forders%3Fa%3D1");
    assert.equal(headers("MNO_SESSION_OVER", navigation, false).location, undefined);
    const cors = requestOf({ "sec-fetch-mode": "cors", accept: "text/html" });
    const post = requestOf({ accept: "text/html" }, { method: "POST" });
    for (const request of [cors, post]) assert.equal(headers("MNO_SESSION_OVER", request).location, undefined);
    const cleared = headers("MNO_SESSION_STOPPED")["set-cookie"];
    assert.match(String(cleared), /^__Host-mno-session=; .*Max-Age=0$/);
    assert.equal(headers("MNO_TOKEN_INVALID")["set-cookie"], undefined);
  });
});
