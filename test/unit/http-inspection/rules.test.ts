import assert from "node:assert/strict";
import { ipv4Of } from "../../../runtime/kernel/http-inspection/rules/remote";
import { lookupsResolved } from "../../../runtime/kernel/http-inspection/rules/java";
import { bounded } from "../../../runtime/kernel/http-inspection/rules/rule";
import { RULES } from "../../../runtime/kernel/http-inspection/rules/all";

describe("what rules are made of", () => {
  it("takes no pattern that could run longer than linear", () => {
    assert.doesNotThrow(() => bounded("a{1,20}[b+*]\\*c?"));
    assert.throws(() => bounded("a+"), /unbounded/);
    assert.throws(() => bounded("a*b"), /unbounded/);
    assert.throws(() => bounded("a{2,}"), /unbounded/);
    assert.throws(() => bounded("(?:a{1,100}b{1,100}){1,100}"), /nested/);
  });

  it("gives every rule an id of its own, a family and words for an operator", () => {
    assert.equal(new Set(RULES.map(({ id }) => id)).size, RULES.length);
    for (const { id, what } of RULES) {
      assert.match(id, /^[a-z]+-[a-z0-9-]+$/);
      assert.ok(what.length > 8 && !what.endsWith("."));
    }
  });

  it("reads addresses as inet_aton does", () => {
    const loopback = 0x7f000001;
    for (const host of ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.0x1", "127.0.1"])
      assert.equal(ipv4Of(host), loopback, host);
    for (const host of ["example.com", "256.1.1.1", "1.2.3.4.5", "", "1..2", "08.1"])
      assert.equal(ipv4Of(host), undefined, host);
  });

  it("resolves the look-ups of log4j inside out", () => {
    assert.equal(lookupsResolved("${${lower:j}${::-n}${env:X:-d}i:x}"), "${jndi:x}");
  });
});
