import assert from "node:assert/strict";
import { systemClock } from "../../runtime/kernel/clock";
import type { Database } from "../../runtime/kernel/store/database";
import type { Principal } from "../../runtime/security/zero-trust-gateway/contracts";
import { type Counters, openCounters } from "../../runtime/security/zero-trust-gateway/limits/counters";
import { RequestLimiter } from "../../runtime/security/zero-trust-gateway/limits/limiter";
import { RedisServer } from "../support/redis-server";
import { coded } from "../unit/zero-trust-gateway/identity/replica";
import { requestOf, silent } from "../unit/zero-trust-gateway/identity/support";

const QUOTAS = { principal: { requests: 5, seconds: 600 }, address: { requests: 3, seconds: 600 }, routes: [] };

describe("zero-trust gateway: rate limits over Redis", () => {
  const server = new RedisServer();
  const opened: Counters[] = [];

  before(() => server.start());
  after(async () => {
    await Promise.all(opened.map((counters) => counters.close()));
    await server.remove();
  });

  const replica = (): RequestLimiter => {
    const counters = openCounters({ url: server.url, ca: undefined }, undefined as unknown as Database, silent);
    opened.push(counters);
    return new RequestLimiter(QUOTAS, counters, () => undefined);
  };
  const user = (id: string): Principal => ({ type: "User", id, method: "bearer", attributes: {}, parents: [] });
  const take = async (limiter: RequestLimiter, id: string): Promise<number | undefined> =>
    (await limiter.take(user(id), requestOf()))[0]?.remaining;
  /** Until both are connected each counts for itself. */
  const together = async (a: RequestLimiter, b: RequestLimiter): Promise<void> => {
    for (let i = 0; ; i++) {
      await systemClock.sleep(20);
      await take(a, `probe ${i}`);
      if ((await take(b, `probe ${i}`)) === 3 && (await take(a, `probe ${i}`)) === 2) return;
    }
  };

  it("counts for all replicas together, and for each alone while Redis is away", async () => {
    const [a, b] = [replica(), replica()];
    await together(a, b);
    assert.deepEqual([await take(a, "carol"), await take(b, "carol"), await take(a, "carol")], [4, 3, 2]);
    await take(b, "carol");
    await take(a, "carol");
    await assert.rejects(take(a, "carol"), coded("MNO_RATE_LIMITED"));
    await assert.rejects(take(b, "carol"), coded("MNO_RATE_LIMITED"));
    await server.stop();
    for (const limiter of [a, b]) {
      for (let i = 0; i < 5; i++) await take(limiter, "dave");
      await assert.rejects(take(limiter, "dave"), coded("MNO_RATE_LIMITED"));
    }
    await server.start();
    await together(a, b);
  });
});
