import { writeSync } from "node:fs";
import pino from "pino";
import { openDatabase } from "../../../runtime/kernel/store/open";

/**
 * The process that pglite-kill.test.ts kills: reports what it finds in the folder (`found <rows> <highest>`), then commits
 * batches for ever and reports each one after its commit (`committed <highest>`).
 */
const BATCH = 16;

async function main(folder: string): Promise<void> {
  const database = await openDatabase(`pglite:${folder}`, { log: pino({ level: "silent" }) });
  await database.query("CREATE TABLE IF NOT EXISTS rows (n int PRIMARY KEY, document jsonb NOT NULL)");
  const [found] = await database.query<{ rows: number; highest: number }>(
    "SELECT count(*) AS rows, coalesce(max(n), 0) AS highest FROM rows",
  );
  let { highest } = found!;
  writeSync(1, `found ${found!.rows} ${highest}\n`);
  for (;;) {
    const batch = Array.from({ length: BATCH }, (_, index) => ({ n: highest + index + 1, document: { index } }));
    await database.transaction((tx) =>
      tx.query("INSERT INTO rows SELECT * FROM jsonb_to_recordset($1) AS r(n int, document jsonb)", [
        JSON.stringify(batch),
      ]),
    );
    highest += BATCH;
    writeSync(1, `committed ${highest}\n`);
  }
}

void main(process.argv[2]!);
