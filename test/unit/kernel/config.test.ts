import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "@sinclair/typebox";
import { MnoError } from "../../../runtime/exports";
import { KERNEL_CONFIGURATION, loadConfiguration, readRawConfiguration } from "../../../runtime/kernel/config";

const ENGINE = Type.Object({
  MNO_X_SECONDS: Type.Number({ exclusiveMinimum: 0, default: 15 }),
  MNO_X_LIST: Type.Array(Type.Object({ name: Type.String() }), { default: [] }),
});

function faultsOf(work: () => unknown): Record<string, string> {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof MnoError);
    assert.equal(error.code, "MNO_CONFIG_INVALID");
    return Object.fromEntries(error.faults.map((fault) => [fault.field, fault.message]));
  }
  return assert.fail("it was accepted");
}

describe("configuration", () => {
  const load = (environment: Record<string, string>, file: Record<string, unknown> = {}): Record<string, unknown> =>
    loadConfiguration({ environment, file }, KERNEL_CONFIGURATION, ENGINE);

  it("takes the environment before the file, converts types, and fills in defaults", () => {
    const config = load({ MNO_STATE_DIR: "/s", MNO_HTTP_PORT: "4601" }, { MNO_HTTP_PORT: 1, MNO_LOG_LEVEL: "WARN" });
    assert.equal(config.MNO_HTTP_PORT, 4601);
    assert.equal(config.MNO_LOG_LEVEL, "WARN");
    assert.equal(config.MNO_HTTP_HOST, "127.0.0.1");
    assert.equal(config.MNO_X_SECONDS, 15);
  });

  it("reads lists from JSON text", () => {
    assert.deepEqual(load({ MNO_STATE_DIR: "/s", MNO_X_LIST: '[{"name":"a"}]' }).MNO_X_LIST, [{ name: "a" }]);
  });

  it("reports every fault at once, by key", () => {
    const faults = faultsOf(() =>
      load(
        { MNO_HTTP_PORT: "eighty", MNO_LOG_LEVEL: "LOUD", MNO_X_SECONDS: "0", MNO_X_LIST: "not json" },
        { MNO_TYPO: 1 },
      ),
    );
    assert.deepEqual(Object.keys(faults).sort(), [
      "MNO_HTTP_PORT",
      "MNO_LOG_LEVEL",
      "MNO_STATE_DIR",
      "MNO_TYPO",
      "MNO_X_LIST",
      "MNO_X_SECONDS",
    ]);
    assert.match(faults.MNO_TYPO ?? "", /known keys: .*MNO_HTTP_PORT/);
  });

  it("never repeats a value: it may be a secret", () => {
    const secret = "hunter2";
    const faults = faultsOf(() => load({ MNO_API_TOKEN: secret, MNO_HTTP_PORT: secret }));
    assert.ok(faults.MNO_API_TOKEN);
    assert.ok(!JSON.stringify(faults).includes(secret));
  });

  it("says what is wrong with the file", () => {
    const folder = mkdtempSync(join(tmpdir(), "mno-config-"));
    try {
      const path = join(folder, "config.json");
      writeFileSync(path, "[]");
      assert.throws(() => readRawConfiguration({ MNO_CONFIG_FILE: path }), /one JSON object/);
      writeFileSync(path, '{"MNO_API_TOKEN": s3cret-token-0123456789}');
      assert.throws(
        () => readRawConfiguration({ MNO_CONFIG_FILE: path }),
        (error: Error) => /not valid JSON/.test(error.message) && !/s3cret|TOKEN"/.test(String(error.stack)),
      );
      assert.throws(
        () => readRawConfiguration({ MNO_CONFIG_FILE: join(folder, "absent") }),
        /MNO_CONFIG_FILE .*absent/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
