import assert from "node:assert/strict";
import type { Database } from "../../../../runtime/kernel/store/database";
import type { MnoError } from "../../../../runtime/exports";
import type { GatewayRequest, LimitState, Principal } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { openCounters, type Counters } from "../../../../runtime/security/zero-trust-gateway/limits/counters";
import { limitHeaders } from "../../../../runtime/security/zero-trust-gateway/limits/headers";
import { BoundedKeys, countedAddress } from "../../../../runtime/security/zero-trust-gateway/limits/keys";
import { RequestLimiter, type RequestQuotas } from "../../../../runtime/security/zero-trust-gateway/limits/limiter";
import { coded } from "../identity/replica";
import { requestOf, silent } from "../identity/support";

const NOBODY: Principal = { type: "Anonymous", id: "anonymous", method: "anonymous", attributes: {}, parents: [] };
const user = (id: string): Principal => ({ ...NOBODY, type: "User", id, method: "bearer" });
const QUOTAS: RequestQuotas = {
  principal: { requests: 5, seconds: 60 },
  address: { requests: 3, seconds: 60 },
  routes: [{ name: "pay", method: "POST", path: "/pay", requests: 2, seconds: 3600 }],
};

describe("zero-trust gateway: rate limits", () => {
  const none = undefined as unknown as Database;
  const refused: string[] = [];
  const open = (counters: Counters = openCounters({ url: undefined, ca: undefined }, none, silent)) =>
    new RequestLimiter(QUOTAS, counters, (quota) => refused.push(quota));
  beforeEach(() => void (refused.length = 0));

  const times = async (n: number, limiter: RequestLimiter, who: Principal, more: Partial<GatewayRequest> = {}) => {
    for (let i = 0; i < n; i++) await limiter.take(who, requestOf({}, more));
  };
  const over = (limiter: RequestLimiter, who: Principal, more: Partial<GatewayRequest> = {}) =>
    assert.rejects(limiter.take(who, requestOf({}, more)), coded("MNO_RATE_LIMITED"));

  it("counts users by themselves, wherever they come from, and nobody in particular by the address", async () => {
    const limiter = open();
    await times(5, limiter, user("alice"));
    await over(limiter, user("alice"), { address: "198.51.100.1" });
    await times(5, limiter, user("bob"));
    await times(5, limiter, { ...user("alice"), type: "Workload" }); // another who has the same name
    await times(3, limiter, NOBODY);
    await over(limiter, NOBODY);
    await times(3, limiter, NOBODY, { address: "198.51.100.1" });
    assert.deepEqual(refused, ["principal", "address"]);
  });

  it("counts an IPv6 network of one customer as one", async () => {
    const limiter = open();
    for (const host of [":1", ":2", "ffff:ffff:ffff:ffff"]) {
      await times(1, limiter, NOBODY, { address: `2001:db8:1:2:${host}` });
    }
    await over(limiter, NOBODY, { address: "2001:db8:1:2:3:4:5:6" });
    await times(1, limiter, NOBODY, { address: "2001:db8:1:3::1" });
  });

  it("counts routes besides, by method and path and what lies below", async () => {
    const limiter = open();
    const post = (path: string) => ({ method: "POST", path });
    await times(1, limiter, user("alice"), post("/pay"));
    await times(1, limiter, user("alice"), post("/pay/now"));
    await over(limiter, user("alice"), post("/pay/later"));
    await times(1, limiter, user("alice"), post("/payments"));
    await times(1, limiter, user("alice"), { method: "GET", path: "/pay" });
    await times(2, limiter, user("bob"), post("/pay"));
    assert.deepEqual(refused, ["pay"]);
  });

  it("tells what is left, and when to come again", async () => {
    const limiter = open();
    const states = await limiter.take(user("alice"), requestOf({}, { method: "POST", path: "/pay" }));
    assert.deepEqual(limitHeaders(states), {
      "ratelimit-policy": '"principal";q=5;w=60, "pay";q=2;w=3600',
      ratelimit: '"principal";r=4;t=60, "pay";r=1;t=3600',
    });
    await times(4, limiter, user("alice"));
    const error = (await limiter.take(user("alice"), requestOf()).catch((thrown: unknown) => thrown)) as MnoError;
    assert.equal(error.extensions.retryAfterSeconds, 60);
    const [state] = error.extensions.limits as LimitState[];
    assert.deepEqual([state?.name, state?.remaining], ["principal", 0]);
    assert.deepEqual(limitHeaders([]), {});
  });

  it("reads addresses as they are counted", () => {
    const pairs = {
      "203.0.113.7": "203.0.113.7",
      "::ffff:203.0.113.7": "203.0.113.7",
      "2001:db8::1": "2001:db8:0:0::/64",
      "2001:DB8:0:0:1:2:3:4": "2001:db8:0:0::/64",
      "::1": "0:0:0:0::/64",
      "fe80::1%eth0": "fe80:0:0:0::/64",
      "64:ff9b::192.0.2.1": "64:ff9b:0:0::/64",
      "not an address": "not an address",
    };
    for (const [address, counted] of Object.entries(pairs)) assert.equal(countedAddress(address), counted, address);
  });

  it("keeps a bounded number of keys under a flood of new ones, and those that were there their own", () => {
    let now = 0;
    const keys = new BoundedKeys(100, 1000, () => now);
    assert.equal(keys.bounded("early"), "early");
    const seen = new Set<string>();
    for (let i = 0; i < 50_000; i++) seen.add(keys.bounded(`flood ${i}`));
    assert.ok(seen.size <= 100 + 1024, String(seen.size));
    assert.equal(keys.bounded("early"), "early");
    assert.equal(keys.bounded("flood 49999"), keys.bounded("flood 49999"));
    now = 1000;
    assert.equal(keys.bounded("flood 49999"), "flood 49999");
  });
});
