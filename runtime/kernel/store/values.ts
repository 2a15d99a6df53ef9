/** Object identifiers of PostgreSQL's built-in types. Source: src/include/catalog/pg_type.dat. */
const DATE = 1082;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const INT8 = 20;
const INT8_ARRAY = 1016;

/** PostgreSQL's ISO text form; without an offset it is read as UTC, whatever time zone this process has. */
const toDate = (text: string): Date => new Date(text);
const toUtcDate = (text: string): Date => new Date(`${text.replace(" ", "T")}Z`);

/** The same parsers for both engines: their own defaults read `date` and `timestamp` in the process's time zone. */
export const DATE_PARSERS = { [DATE]: toDate, [TIMESTAMP]: toUtcDate, [TIMESTAMPTZ]: toDate };

/** A number where that is exact, else a BigInt: PGlite's rule, which node-postgres is given too. */
export function parseBigint(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

type TypeParser = (text: string) => unknown;

/** node-postgres's type parsers with ours before them. */
export function postgresTypes(defaults: (oid: number, format?: "text" | "binary") => unknown) {
  const parseTextArray = defaults(INT8_ARRAY, "text") as (text: string) => (string | null)[];
  const parsers = new Map<number, TypeParser>([
    ...Object.entries(DATE_PARSERS).map(([oid, parse]): [number, TypeParser] => [Number(oid), parse]),
    [INT8, parseBigint],
    [INT8_ARRAY, (text) => parseTextArray(text).map((item) => (item === null ? null : parseBigint(item)))],
  ]);
  return {
    getTypeParser: (oid: number, format?: "text" | "binary") =>
      (format === "binary" ? undefined : parsers.get(oid)) ?? defaults(oid, format),
  };
}
