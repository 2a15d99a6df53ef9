import type { StackRule } from "../../shared/rule";
import { FACTOR_TABLES, type FactorTable, STALE_AFTER_DAYS } from "../../../factors/tables";

interface Config {
  maximumAgeDays: number;
}

const DAY_MS = 86_400_000;

/** The rule over given tables; the pack uses its own, tests bring theirs. */
export function freshFactorsOf(tables: readonly FactorTable[]): StackRule<Config> {
  return {
    scope: "stack",
    id: "CB-005",
    name: "fresh-factors",
    title: "Estimates use factor tables that are not stale",
    severity: "medium",
    enforcement: "advisory",
    frameworks: [
      {
        name: "GHG Protocol Scope 2 Guidance",
        version: "2015",
        clause: "Location-based method: most recent emission factors available",
      },
    ],
    card: {
      rule: "No factor table behind the estimates is older than the limit.",
      why: "Grids change by a tenth a year and more; an old table passes what a new one would refuse.",
      avoid: "a pack pinned years ago",
      prefer: "an update of the package with the yearly tables",
    },
    remediation:
      "Update the machine-native-ops package; until then raise maximumAgeDays, knowing that every estimate is that old.",
    config: {
      maximumAgeDays: {
        type: "integer",
        minimum: 1,
        default: STALE_AFTER_DAYS,
        description: "Highest age of a table's data in days.",
      },
    },
    kinds: [],
    *evaluate(_resources, { config, now }) {
      for (const { name, asOf, source, ageless } of tables) {
        if (ageless) continue;
        const ageDays = Math.floor((now.getTime() - Date.parse(`${asOf}T00:00:00Z`)) / DAY_MS);
        if (ageDays > config.maximumAgeDays) {
          yield {
            message: `the table of ${name} (${source}, data to ${asOf}) is ${ageDays} days old; the limit is ${config.maximumAgeDays}.`,
          };
        }
      }
    },
  };
}

export const freshFactors = freshFactorsOf(FACTOR_TABLES);
