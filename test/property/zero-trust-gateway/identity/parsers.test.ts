import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../../runtime/exports";
import { AccessTokens } from "../../../../runtime/security/zero-trust-gateway/identity/access-tokens";
import { clientCertificateOf } from "../../../../runtime/security/zero-trust-gateway/identity/client-certificate";
import { returnPath } from "../../../../runtime/security/zero-trust-gateway/identity/login/exchange";
import { trustDomainOf } from "../../../../runtime/security/zero-trust-gateway/identity/spiffe";
import { parseForwardedCertificates } from "../../../../runtime/security/zero-trust-gateway/identity/xfcc";
import { agentFamily } from "../../../../runtime/security/zero-trust-gateway/sessions/agent-family";
import { readCookie, readSecret, setCookie } from "../../../../runtime/security/zero-trust-gateway/sessions/cookie";
import { issuerOf, ORIGIN, requestOf, startClock } from "../../../unit/zero-trust-gateway/identity/support";

const RUNS = { numRuns: 2000 };
const hex = fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 64, maxLength: 64 });
const segment = fc.string({ unit: fc.constantFrom(..."abcXYZ019_-"), minLength: 1, maxLength: 8 });
const id = fc.array(segment, { minLength: 1, maxLength: 4 }).map((path) => `spiffe://cluster.local/${path.join("/")}`);
/** As Envoy writes an element; the subject is whatever its certificate says. */
const element = fc.record({ hash: hex, subject: fc.string({ maxLength: 30 }), uri: id });
const write = ({ hash, subject, uri }: { hash: string; subject: string; uri: string }): string =>
  `By=spiffe://cluster.local/x;Hash=${hash};Subject="${subject.replaceAll('"', '\\"')}";URI=${uri}`;
/** Text with much of what has a meaning in the headers. */
const noise = fc.string({
  unit: fc.constantFrom(...`=;,"\\ Uu RrIi:/.spfe-x0`, "URI=", "Hash=", "spiffe://cluster.local/a"),
  maxLength: 60,
});

describe("zero-trust gateway: parsers of identity (properties)", () => {
  it("reads every x-forwarded-client-cert that Envoy could write, whatever subjects say", () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 1, maxLength: 4 }), (elements) => {
        // A backslash at its end is all that Envoy does not escape and a reader could take for an escape.
        fc.pre(elements.every(({ subject }) => !subject.includes("\\")));
        const header = elements.map(write).join(",");
        assert.deepEqual(
          parseForwardedCertificates(header),
          elements.map(({ hash, uri }) => ({ hash, uris: [uri] })),
        );
        const { spiffeId } = clientCertificateOf({ forwarded: [header], fromTrustedProxy: true });
        assert.equal(spiffeId, elements.at(-1)?.uri);
      }),
      RUNS,
    );
  });

  it("never takes an id that is none out of noise, and nothing from who is not trusted", () => {
    fc.assert(
      fc.property(noise, (header) => {
        const { spiffeId } = clientCertificateOf({ forwarded: [header], fromTrustedProxy: true });
        if (spiffeId !== undefined) assert.equal(trustDomainOf(spiffeId), "cluster.local");
        assert.deepEqual(clientCertificateOf({ forwarded: [header], fromTrustedProxy: false }), {});
      }),
      RUNS,
    );
  });

  it("lets a client's own elements, sent before the proxy's, change nothing", () => {
    fc.assert(
      fc.property(noise, element, (sent, own) => {
        const { spiffeId } = clientCertificateOf({ forwarded: [`${sent},${write(own)}`], fromTrustedProxy: true });
        fc.pre(!own.subject.includes("\\"));
        assert.ok(spiffeId === undefined || spiffeId === own.uri);
      }),
      RUNS,
    );
  });

  it("refuses any text as a token with its own code", async () => {
    const keys = { keyOf: () => Promise.reject(new Error("no key is asked for")) };
    const tokens = new AccessTokens([{ issuer: issuerOf(), keys }], startClock(), 5);
    const part = fc.oneof(
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString("base64url")),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        await assert.rejects(
          tokens.verify(parts.join(".")),
          (error) => error instanceof MnoError && error.code === "MNO_TOKEN_INVALID",
        );
      }),
      RUNS,
    );
  });

  it("reads back the cookie that it set, out of any others", () => {
    const other = fc.string({ unit: fc.constantFrom(..."ab= ;\"'\\,"), maxLength: 20 });
    fc.assert(
      fc.property(fc.base64String({ minLength: 44, maxLength: 44 }), other, other, (text, before, after) => {
        const secret = Buffer.from(text, "base64").toString("base64url").padEnd(43, "A").slice(0, 43);
        const request = requestOf();
        const [pair] = setCookie(request, "mno-session", secret, 60).split(";");
        const read = requestOf({ cookie: `${before}; ${pair}; ${after}` });
        assert.equal(readSecret(read, "mno-session"), secret);
      }),
      RUNS,
    );
    fc.assert(
      fc.property(fc.string(), (cookie) => {
        try {
          const value = readCookie(requestOf({ cookie }), "mno-session");
          assert.ok(value === undefined || cookie.includes(value));
        } catch (error) {
          assert.ok(error instanceof MnoError && error.code === "MNO_CREDENTIALS_AMBIGUOUS");
        }
      }),
      RUNS,
    );
  });

  it("leads back to this origin only", () => {
    const wanted = fc.oneof(
      fc.webUrl(),
      fc.string(),
      fc.string({
        unit: fc.constantFrom(..."/\\.:@?#%a\t\n", "http", "//", "evil.test", "%2f", "javascript:"),
        maxLength: 20,
      }),
    );
    fc.assert(
      fc.property(wanted, fc.boolean(), (text, slash) => {
        const path = returnPath(slash ? `/${text}` : text, ORIGIN);
        assert.equal(new URL(path, ORIGIN).origin, ORIGIN);
        assert.match(path, /^\/(?!\/|\\|\.mno\/)/);
      }),
      RUNS,
    );
  });

  it("names the family of any user agent, in time", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), (text) => {
        const begun = performance.now();
        assert.ok(agentFamily(text).length > 0);
        assert.ok(performance.now() - begun < 500);
      }),
      RUNS,
    );
  });
});
