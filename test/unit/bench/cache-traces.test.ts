import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { capacitiesFor } from "../../../bench/cache/hit-ratios";
import { readTrace, traceFiles } from "../../../bench/cache/traces";
import type { MnoError } from "../../../runtime/exports";

/** `printf '\0\0\0\1\0\0\0\2\0\0\0\1' | xz`: three 32-bit keys. */
const XZ = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQALAAAAAQAAAAIAAAABAE3bkSBC9FPAAAEkDKYY2NgftvN9AQAAAAAEWVo=";

describe("cache traces", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-traces-"));
  after(() => rmSync(folder, { recursive: true }));
  const write = (name: string, content: Uint8Array | string): void => writeFileSync(join(folder, name), content);
  const read = async (name: string): Promise<number[]> => [...(await readTrace(folder, name)).requests];

  it("expands blocks of .lis files, compressed or not, and numbers keys as they come", async () => {
    const text = "10 3 0 0\n11 1 0 1\n10 2 0 2\n";
    write("arc_X.lis", text);
    write("arc_Y.lis.zst", zstdCompressSync(Buffer.from(text)));
    for (const name of ["arc_X.lis", "arc_Y.lis.zst"]) assert.deepEqual(await read(name), [0, 1, 2, 1, 0, 1]);
    assert.deepEqual((await readTrace(folder, "arc_Y.lis.zst")).unique, 3);
    assert.equal((await readTrace(folder, "arc_Y.lis.zst")).name, "Y");
  });

  it("reads lines without what is to be ignored, and binary keys of 64 bits by the source's name", async () => {
    write("lirs_a.trace.gz", gzipSync("5\n*\n7\n5"));
    assert.deepEqual(await read("lirs_a.trace.gz"), [0, 1, 0]);
    const keys = Buffer.alloc(24);
    [2n ** 40n, 3n, 2n ** 40n].forEach((key, at) => keys.writeBigInt64BE(key, at * 8));
    write("corda.trace.gz", gzipSync(keys));
    assert.deepEqual(await read("corda.trace.gz"), [0, 1, 0]);
    write("cache2k_b.trace.xz", Buffer.from(XZ, "base64"));
    assert.deepEqual(await read("cache2k_b.trace.xz"), [0, 1, 0]);
  });

  it("says where it looked when there is none", () => {
    for (const absent of [join(folder, "absent"), mkdtempSync(join(folder, "empty-"))]) {
      assert.throws(
        () => traceFiles(absent),
        (error: MnoError) => error.code === "MNO_TRACE_INVALID" && error.message.includes(absent),
      );
    }
  });

  it("takes published sizes and shares of the keys, none twice and none below 10", () => {
    const requests = new Int32Array();
    assert.deepEqual(capacitiesFor({ name: "P3", requests, unique: 762_543 }), [763, 7_626, 32_768, 65_536, 76_255]);
    assert.deepEqual(capacitiesFor({ name: "orm-busy", requests, unique: 76_349 }), [77, 763, 7_634]);
    assert.deepEqual(capacitiesFor({ name: "new", requests, unique: 900 }), [90]);
  });
});
