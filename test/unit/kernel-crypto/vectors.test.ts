import assert from "node:assert/strict";
import path from "node:path";
import { readJson } from "../../../bench/quantum-cryptography/vectors/read";
import { runVectors } from "../../../bench/quantum-cryptography/vectors/run";
import { NATIVE } from "../../../runtime/kernel/crypto/native/provider";
import { NOBLE } from "../../../runtime/kernel/crypto/noble/provider";

const DATA = path.join(__dirname, "../../data/pqc");

describe("published test vectors (a committed few of each file; the bench runs all)", () => {
  for (const report of runVectors(DATA)) {
    it(`${report.implementation}: ${report.family} ${report.file}`, () => {
      assert.deepEqual(report.failures, []);
      assert.equal(report.failed, 0);
      assert.ok(report.run + report.notApplicable > 0, "the file has no cases");
      // @noble can do all of them but AES-GCM with nonces below 8 bytes.
      if (report.implementation === "noble" && report.file !== "aes_gcm") assert.equal(report.notApplicable, 0);
    });
  }

  it("LAMPS id-MLDSA65-Ed25519-SHA512 verifies with and without a context, on both", () => {
    type Field = "m" | "ctx" | "pk" | "sk" | "s" | "sWithContext";
    const vector = readJson<Record<Field, string>>(path.join(DATA, "lamps/id-MLDSA65-Ed25519-SHA512.json.gz"));
    const of = (name: Field): Buffer => Buffer.from(vector[name], "base64");
    for (const provider of [NATIVE, NOBLE]) {
      const scheme = provider.signature("Ed25519+ML-DSA-65")!;
      assert.deepEqual(Buffer.from(scheme.signingKey({ seed: of("sk") }).publicKey), of("pk"));
      const key = scheme.verifyingKey(of("pk"));
      assert.ok(key.verify(of("m"), of("s")));
      assert.ok(key.verify(of("m"), of("sWithContext"), { context: of("ctx") }));
      assert.ok(!key.verify(of("m"), of("sWithContext")));
    }
  });
});
