import assert from "node:assert/strict";
import { equalError } from "../../../bench/behavioral-authentication/equal-error";
import { populate } from "../../../bench/behavioral-authentication/population";

describe("bench: behavioural authentication", () => {
  it("has the equal error rate where both errors meet", () => {
    assert.equal(equalError([1, 2, 3], [4, 5, 6]).rate, 0);
    assert.equal(equalError([4, 5, 6], [1, 2, 3]).rate, 1);
    const { rate, threshold } = equalError([1, 2, 3, 10], [2.5, 11, 12, 13]);
    assert.equal(rate, 0.25);
    assert.equal(threshold, 3);
    assert.equal(equalError([1, 1], [1, 1]).rate, 0.5);
  });

  it("populates the same world for the same seed, in the order of time", () => {
    const shape = { name: "t", users: 20, days: 30, loginsPerDay: 0.5, office: 0.5, vpn: 0.2, abroad: 0.1, seed: 3 };
    const { logins, attack } = populate(shape);
    assert.deepEqual(populate(shape).logins, logins);
    assert.ok(logins.length > 50);
    assert.ok(logins.every(({ time }, index) => index === 0 || logins[index - 1]!.time <= time));
    const victim = logins.at(-1)!;
    const targeted = attack("targeted", victim.user, victim.time, victim);
    assert.equal(targeted.agentText, victim.agentText);
    assert.equal(targeted.place.country, victim.place.country);
    assert.notEqual(targeted.address, victim.address);
  });
});
