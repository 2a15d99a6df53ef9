import assert from "node:assert/strict";
import { Recent } from "../../../../runtime/security/zero-trust-gateway/policy/recent";

describe("zero-trust gateway: recent questions", () => {
  it("keeps the last ones, oldest first, without the large ones", () => {
    const recent = new Recent<unknown>(3, () => 0);
    recent.add("a".repeat(5000));
    assert.deepEqual(recent.all(), []);
    for (const item of ["a", "b"]) recent.add(item);
    assert.deepEqual(recent.all(), ["a", "b"]);
  });

  it("keeps all that come slowly, and of what comes fast a sample that goes on", () => {
    let now = 0;
    const recent = new Recent<number>(100, () => now);
    for (let index = 0; index < 300; index += 1, now += 25) recent.add(index);
    assert.deepEqual(
      recent.all(),
      Array.from({ length: 100 }, (_, index) => index + 200),
    );
    const from = now;
    for (; now < from + 10_000; now += 1) recent.add(now);
    const all = recent.all();
    assert.equal(all.length, 100);
    assert.ok(all[99]! - all[0]! > 1900, "a hundred questions reach back two seconds, not a tenth of one");
    assert.ok(all[99]! >= from + 9970);
  });
});
