import assert from "node:assert/strict";
import fc from "fast-check";
import type { MnoError } from "../../../runtime/exports";
import { parseCacheUrl, redisOptions } from "../../../runtime/kernel/cache/url";

describe("cache URL", () => {
  it("reads one server's, whatever it calls itself", () => {
    assert.deepEqual(parseCacheUrl("redis://h:1/2"), { url: "redis://h:1/2" });
    assert.deepEqual(parseCacheUrl("valkeys://u:p@h"), { url: "rediss://u:p@h" });
  });

  it("reads the sentinels and the primary's name", () => {
    assert.deepEqual(parseCacheUrl("valkeys+sentinel://mno:a%2Fb@one:26380,[::1]/cache"), {
      sentinel: {
        sentinels: [
          { host: "one", port: 26380 },
          { host: "::1", port: 26379 },
        ],
        primaryName: "cache",
        encrypted: true,
        username: "mno",
        password: "a/b",
      },
    });
    assert.deepEqual(parseCacheUrl("redis+sentinel://one/cache"), {
      sentinel: { sentinels: [{ host: "one", port: 26379 }], primaryName: "cache", encrypted: false },
    });
  });

  it("gives any user and password to servers and sentinels as they were", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ minLength: 1 }), (user, password) => {
        const url = `redis+sentinel://${encodeURIComponent(user)}:${encodeURIComponent(password)}@one,two:3/p`;
        const options = redisOptions(parseCacheUrl(url), undefined);
        assert.deepEqual([options.username, options.password], [user, password]);
        assert.deepEqual([options.sentinelUsername, options.sentinelPassword], [user, password]);
      }),
    );
  });

  for (const url of [
    "redis+sentinel://u:s3cret@/p",
    "redis+sentinel://u:s3cret@one",
    "redis+sentinel://u:s3cret@one/",
    "redis+sentinel://u:s3cret@one,/p",
    "redis+sentinel://u:s3cret@one:port/p",
    "redis+sentinel://u:s3cret@one/p/1",
    "redis+sentinel://u:s3cret%@one/p",
    "redis+sentinel://u:s3cret@one/p?db=1",
    "redis+sentinel://u:s3cret/p",
    "redis+sentinel://u:s3cret,two/p",
    "sentinel://u:s3cret@one/p",
    "redis://u:s3cret@one,two",
  ]) {
    it(`refuses ${url} and keeps the password to itself`, () => {
      assert.throws(
        () => parseCacheUrl(url),
        (error: MnoError) =>
          error.code === "MNO_CONFIG_INVALID" &&
          error.message.includes("rediss+sentinel://") &&
          !error.stack!.includes("s3cret"),
      );
    });
  }

  it("trusts the authority given, for servers and sentinels, and only where there is TLS", () => {
    assert.deepEqual(redisOptions(parseCacheUrl("rediss://h"), "PEM").tls, { ca: "PEM" });
    assert.equal(redisOptions(parseCacheUrl("redis://h"), "PEM").tls, undefined);
    const { tls, sentinelTLS, enableTLSForSentinelMode } = redisOptions(parseCacheUrl("rediss+sentinel://h/p"), "PEM");
    assert.deepEqual([tls, sentinelTLS, enableTLSForSentinelMode], [{ ca: "PEM" }, { ca: "PEM" }, true]);
    assert.equal(redisOptions(parseCacheUrl("redis+sentinel://h/p"), "PEM").sentinelTLS, undefined);
  });
});
