import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import type { MnoError } from "../../../runtime/exports";
import { openCache } from "../../../runtime/kernel/cache/open";
import { cacheDependencies } from "../../contract/cache";

describe("openCache", () => {
  for (const url of ["http://user:s3cret@host", "redis//s3cret", "constructor:s3cret", ""]) {
    it(`refuses ${JSON.stringify(url)}, says what is supported, and keeps the password to itself`, () => {
      assert.throws(
        () => openCache({ ...cacheDependencies("x"), url }),
        (error: MnoError) =>
          error.code === "MNO_CONFIG_INVALID" &&
          /supported are redis:\/\/, rediss:\/\/, valkey:\/\/ and valkeys:\/\//.test(error.message) &&
          !error.stack!.includes("s3cret"),
      );
    });
  }

  it("works without its server from the start, and costs little", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));

    const cache = openCache({ ...cacheDependencies("absent"), url: `valkey://127.0.0.1:${port}` });
    const start = performance.now();
    assert.equal(await cache.get("key", { ttlSeconds: 60 }, async () => 1), 1);
    assert.equal(await cache.get("key", { ttlSeconds: 60 }, async () => 2), 1);
    await cache.invalidate("key");
    assert.equal(await cache.get("key", { ttlSeconds: 60 }, async () => 3), 3);
    assert.ok(performance.now() - start < 1_000);
    await cache.close();
  });
});
