import assert from "node:assert/strict";
import { createServer, type AddressInfo } from "node:net";
import pino from "pino";
import type { MnoError } from "../../../runtime/exports";
import { openDatabase } from "../../../runtime/kernel/store/open";

const log = pino({ level: "silent" });

describe("openDatabase", () => {
  for (const url of [
    "mysql://user:s3cret@host/db",
    "postgres://user:s3cret@host:port/db",
    "postgresql://user:s3cret@[::1/db",
    "pglite:",
    "s3cret",
    "",
  ]) {
    it(`refuses ${JSON.stringify(url)}, says what is supported, and keeps the password to itself`, async () => {
      const error = await openDatabase(url, { log }).then(
        () => assert.fail("it resolved"),
        (reason: MnoError) => reason,
      );
      assert.equal(error.code, "MNO_STORE_URL_INVALID");
      assert.match(error.message, /pglite:<folder>, pglite:memory, or postgres:\/\//);
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)}`, /s3cret/);
    });
  }

  it("says that a server does not answer, and where, without the password", async () => {
    // A port that was free a moment ago.
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));

    const database = await openDatabase(`postgres://user:s3cret@127.0.0.1:${port}/db`, { log });
    const attempts: (() => Promise<unknown>)[] = [
      () => database.ping(),
      () => database.transaction(async () => 1),
      () => database.migrate("set", []),
    ];
    for (const attempt of attempts) {
      const error = await attempt().then(
        () => assert.fail("it resolved"),
        (reason: MnoError) => reason,
      );
      assert.equal(error.code, "MNO_STORE_UNAVAILABLE");
      assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}/db does not answer: .*ECONNREFUSED`));
      assert.doesNotMatch(`${error.stack} ${JSON.stringify(error)} ${JSON.stringify(error.cause)}`, /s3cret/);
    }
    await database.close();
  });
});
