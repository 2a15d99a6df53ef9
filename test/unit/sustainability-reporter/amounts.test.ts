import assert from "node:assert/strict";
import {
  apportion,
  divideRounded,
  gramsText,
  kwhText,
  microGrams,
  nanoKwh,
  parseDecimal,
  share,
  sum,
} from "../../../runtime/sustainability/sustainability-reporter/amounts";
import { canonicalJson, sha256 } from "../../../runtime/sustainability/sustainability-reporter/canonical";

describe("sustainability reporter: exact amounts", () => {
  it("read whole 1e-9 kWh and 1e-6 g out of floating point, and write them without loss", () => {
    assert.equal(nanoKwh(0.1 + 0.2), 300_000_000n);
    assert.equal(microGrams(1234.567891), 1_234_567_891n);
    assert.equal(kwhText(1_234_567_890_123_456_789n), "1234567890.123456789");
    assert.equal(kwhText(-5n), "-0.000000005");
    assert.equal(gramsText(2_000_000n), "2");
    assert.equal(parseDecimal("1234567890.123456789", 9), 1_234_567_890_123_456_789n);
    assert.throws(() => parseDecimal("1.0000001", 6), SyntaxError);
    assert.throws(() => parseDecimal("1e3", 6), SyntaxError);
  });

  it("round halves away from 0", () => {
    assert.deepEqual([divideRounded(5n, 2n), divideRounded(-5n, 2n), divideRounded(4n, 3n)], [3n, -3n, 1n]);
  });

  it("are shared out to the last unit", () => {
    const shares = apportion(100n, [1n, 1n, 1n]);
    assert.deepEqual(shares, [33n, 34n, 33n]);
    assert.equal(sum(shares), 100n);
    assert.deepEqual(apportion(7n, [0n, 0n]), [7n, 0n]);
    assert.equal(share(1n, 3n), 0.333333);
    assert.equal(share(1n, 0n), null);
  });
});

describe("sustainability reporter: canonical JSON", () => {
  it("is the same for the same members in another order", () => {
    const text = canonicalJson({ b: [1, { d: null, c: "ü" }], a: true, gone: undefined });
    assert.equal(text, '{"a":true,"b":[1,{"c":"ü","d":null}]}');
    assert.equal(text, canonicalJson({ a: true, b: [1, { c: "ü", d: null }] }));
    // SHA-256 of "abc": FIPS 180-4, appendix.
    assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
