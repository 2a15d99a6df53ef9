import assert from "node:assert/strict";
import type { JWK } from "jose";
import { verifyJws } from "../../../runtime/kernel/crypto/jose";
import { declareProblems } from "../../../runtime/kernel/http/problem-schema";
import { toCodedError } from "../../../runtime/kernel/http/problems";
import { OcsfEventSchema } from "../../../runtime/kernel/ocsf/schema";
import { TrustedPeers } from "../../../runtime/kernel/proxy/peers";
import { readDecryptRequest } from "../../../runtime/security/quantum-cryptography/kms-plugin/messages";
import { readCheckRequest } from "../../../runtime/security/zero-trust-gateway/ext-authz/messages";
import { UserAgents } from "../../../runtime/security/behavioral-authentication/risk/user-agent";

/** What `npm run bench -- fuzz` and schemathesis found once. */
describe("hostile input that was a finding", () => {
  it("a text whose length says more than there is ends a message at once", () => {
    // Field 3 and field 2: a string of two thousand million bytes, of which one is there.
    const lying = (field: number): Buffer => Buffer.from([field * 8 + 2, 0xff, 0xff, 0xff, 0xff, 0x07, 0x61]);
    const nested = (bytes: Buffer, ...fields: number[]): Buffer =>
      fields.reduceRight((inner, field) => Buffer.concat([Buffer.from([field * 8 + 2, inner.length]), inner]), bytes);
    const before = performance.now();
    assert.throws(() => readDecryptRequest(lying(3)));
    assert.throws(() => readCheckRequest(nested(lying(4), 1, 4, 2)));
    assert.ok(performance.now() - before < 500);
  });

  it("a JWK that is no key is a coded error", async () => {
    const key = { kty: "OKP", crv: "Ed448", alg: "Ed25519", x: "AAAA" };
    await assert.rejects(verifyJws(key, "a.b.c"), { code: "MNO_CRYPTO_INPUT_INVALID" });
    for (const alg of [{ toString: null }, ["Ed25519"], "constructor", undefined]) {
      const named = { ...key, alg } as unknown as JWK;
      await assert.rejects(verifyJws(named, "a.b.c"), { code: "MNO_CRYPTO_UNSUPPORTED" });
    }
  });

  it("a trusted proxy that is no address is a fault of configuration", () => {
    for (const block of ["192", "10.0.0.0/33", "::1/129", "10.0.0.0/8/8", "fe80::1%eth0", "", "10.0.0.0/"]) {
      assert.throws(() => new TrustedPeers([block]), { code: "MNO_CONFIG_INVALID" }, block);
    }
    const peers = new TrustedPeers(["10.0.0.0/8", "2001:db8::1"]);
    assert.deepEqual(
      ["10.1.2.3", "11.0.0.0", "2001:db8::1", "2001:db8::2"].map((address) => peers.has(address)),
      [true, false, true, false],
    );
  });

  it("a request QUERY without a content-type, or a segment of a path that is too long, is the client's fault", () => {
    for (const code of ["FST_ERR_ROUTE_MISSING_CONTENT_TYPE", "FST_ERR_MAX_PARAM_LENGTH"]) {
      assert.equal(toCodedError(Object.assign(new Error("what is wrong"), { code })).status, 400);
    }
  });

  it("a class of events has a number that the store can hold", () => {
    assert.equal(OcsfEventSchema.properties.class_uid.maximum, 2 ** 31 - 1);
  });

  it("programs are told apart by their product token", () => {
    const agents = new UserAgents();
    assert.deepEqual(
      ["curl/8.8.0", "kube-probe/1.30"].map((text) => agents.read(text).browser),
      ["curl 8", "kube-probe 1"],
    );
  });

  it("a version of hundreds of digits is no longer a name than others", () => {
    const { browser } = new UserAgents().read(
      `Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Version/${"1".repeat(400)} Safari/1`,
    );
    assert.ok(browser.length <= 64, browser);
  });

  it("the OpenAPI document says of every operation that it may answer with a problem", () => {
    const { paths, components } = declareProblems({ paths: { "/a": { get: { responses: { 200: {} } } } } });
    assert.deepEqual(Object.keys((paths["/a"].get as { responses: object }).responses), ["200", "default"]);
    assert.ok("Problem" in (components as unknown as { schemas: object }).schemas);
  });
});
