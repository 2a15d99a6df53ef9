import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { openDatabase } from "../../runtime/kernel/store/open";
import { databaseContract } from "./database";

describe("PGlite in a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-database-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  databaseContract("pglite", () => openDatabase(`pglite:${folder}`, { log: pino({ level: "silent" }) }));
});
