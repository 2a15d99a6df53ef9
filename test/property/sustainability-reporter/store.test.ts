import assert from "node:assert/strict";
import fc from "fast-check";
import type { Database } from "../../../runtime/kernel/store/database";
import { openDatabase } from "../../../runtime/kernel/store/open";
import { canonicalJson } from "../../../runtime/sustainability/sustainability-reporter/canonical";
import { buildReport } from "../../../runtime/sustainability/sustainability-reporter/engine";
import { energyRecord, HOUR } from "../../../runtime/sustainability/sustainability-reporter/record";
import { RollUpStore } from "../../../runtime/sustainability/sustainability-reporter/store";
import { silent } from "../../unit/auto-scaling-engine/fakes";
import { measured, reportOf, RULES, START, time } from "../../unit/sustainability-reporter/support";

const DAYS = 3;
const data = fc
  .record({
    minute: fc.nat(DAYS * 24 * 60 - 1),
    node: fc.constantFrom("n1", "n2"),
    region: fc.constantFrom("de", "fr"),
    signal: fc.constantFrom("average" as const, "marginal" as const),
    workload: fc.constantFrom("web", "api"),
    energy: fc.nat(9_000_000_000_000),
    carbon: fc.nat(9_000_000_000_000),
  })
  .map(({ minute, workload, energy, carbon, ...changes }) =>
    measured([{ workload, tenant: "acme", energy, carbon }], {
      ...changes,
      from: time(START + minute * 60_000),
      to: time(START + (minute + 1) * 60_000),
    }),
  );

describe("sustainability reporter: property: store", () => {
  let database: Database;
  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
  });
  after(() => database.close());

  it("holds what the records sum to, whatever their order, batches and repetitions, for any whole hours", async () => {
    const store = new RollUpStore(database);
    await store.migrate();
    const hours = fc
      .tuple(fc.nat(DAYS * 24 - 1), fc.nat(DAYS * 24 - 1))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(data, { minLength: 1, maxLength: 15 }),
        fc.array(fc.array(fc.nat(14), { maxLength: 8 }), { maxLength: 4 }),
        hours,
        async (events, repeats, [from, to]) => {
          await database.query("TRUNCATE sr_series, sr_hours, sr_days, sr_presence, sr_events CASCADE");
          const all = events.map((one, index) => energyRecord(`e${String(index)}`, one));
          for (const batch of repeats)
            await store.add({ records: batch.flatMap((index) => all[index] ?? []), savings: [] });
          await store.add({ records: all.toReversed(), savings: [] });
          const period = { from: START + from! * HOUR, to: START + to! * HOUR };
          const within = all.filter(({ hour }) => hour >= period.from && hour < period.to);
          const made = buildReport(await store.material(period, {}, RULES));
          assert.equal(canonicalJson(made), canonicalJson(reportOf(within, {}, period)));
        },
      ),
      { numRuns: 25 },
    );
  });
});
