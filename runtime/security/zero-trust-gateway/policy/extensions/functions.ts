import { fail } from "../fault";
import { add, divide, floorTo, type Long, subtract } from "../longs";
import { kindOf, type Value } from "../values";
import { decimal, DecimalValue } from "./decimal";
import { ip, IpValue } from "./ip";
import { DAY_MILLISECONDS, datetime, DatetimeValue, duration, DurationValue } from "./time";

type Function = (...values: Value[]) => Value;

function text(value: Value): string {
  return typeof value === "string" ? value : fail(`type error: expected string, got ${kindOf(value)}`);
}

function as<T extends Value & object>(type: new (...parameters: never[]) => T, name: string) {
  return (value: Value): T =>
    value instanceof type ? value : fail(`type error: expected ${name}, got ${kindOf(value)}`);
}

const decimalOf = as(DecimalValue, "decimal");
const ipOf = as(IpValue, "ipaddr");
const datetimeOf = as(DatetimeValue, "datetime");
const durationOf = as(DurationValue, "duration");

const ofDecimals =
  (test: (a: Long, b: Long) => boolean): Function =>
  (a, b) =>
    test(decimalOf(a).tenThousandths, decimalOf(b).tenThousandths);
const ofIp =
  (test: (value: IpValue) => boolean): Function =>
  (value) =>
    test(ipOf(value));
const inUnits =
  (milliseconds: number): Function =>
  (value) =>
    divide(durationOf(value).milliseconds, milliseconds);

/** Constructors: what they make of a text is known when the policy is compiled, where the text is. */
export const CONSTRUCTORS: ReadonlyMap<string, (text: string) => Value> = new Map<string, (text: string) => Value>([
  ["decimal", decimal],
  ["ip", ip],
  ["datetime", datetime],
  ["duration", duration],
]);

/** Cedar's extension functions by name, with how many values each takes. */
export const FUNCTIONS: ReadonlyMap<string, { arity: number; apply: Function }> = new Map<
  string,
  { arity: number; apply: Function }
>([
  ...[...CONSTRUCTORS].map(([name, make]): [string, { arity: number; apply: Function }] => [
    name,
    { arity: 1, apply: (value) => make(text(value)) },
  ]),
  ["lessThan", { arity: 2, apply: ofDecimals((a, b) => a < b) }],
  ["lessThanOrEqual", { arity: 2, apply: ofDecimals((a, b) => a <= b) }],
  ["greaterThan", { arity: 2, apply: ofDecimals((a, b) => a > b) }],
  ["greaterThanOrEqual", { arity: 2, apply: ofDecimals((a, b) => a >= b) }],
  ["isIpv4", { arity: 1, apply: ofIp((value) => value.bits === 32) }],
  ["isIpv6", { arity: 1, apply: ofIp((value) => value.bits === 128) }],
  ["isLoopback", { arity: 1, apply: ofIp((value) => value.isLoopback) }],
  ["isMulticast", { arity: 1, apply: ofIp((value) => value.isMulticast) }],
  ["isInRange", { arity: 2, apply: (a, b) => ipOf(a).isInRange(ipOf(b)) }],
  [
    "offset",
    {
      arity: 2,
      apply: (a, b) => new DatetimeValue(add(datetimeOf(a).milliseconds, durationOf(b).milliseconds)),
    },
  ],
  [
    "durationSince",
    {
      arity: 2,
      apply: (a, b) => new DurationValue(subtract(datetimeOf(a).milliseconds, datetimeOf(b).milliseconds)),
    },
  ],
  ["toDate", { arity: 1, apply: (a) => new DatetimeValue(floorTo(datetimeOf(a).milliseconds, DAY_MILLISECONDS)) }],
  ["toTime", { arity: 1, apply: (a) => new DurationValue(timeOfDay(datetimeOf(a).milliseconds)) }],
  ["toMilliseconds", { arity: 1, apply: (a) => durationOf(a).milliseconds }],
  ["toSeconds", { arity: 1, apply: inUnits(1000) }],
  ["toMinutes", { arity: 1, apply: inUnits(60_000) }],
  ["toHours", { arity: 1, apply: inUnits(3_600_000) }],
  ["toDays", { arity: 1, apply: inUnits(DAY_MILLISECONDS) }],
]);

/** The class of what a constructor makes. */
export function kindOfExtension(constructor: string): unknown {
  return KINDS.get(constructor);
}

const KINDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["decimal", DecimalValue],
  ["ip", IpValue],
  ["datetime", DatetimeValue],
  ["duration", DurationValue],
]);

/** Since the last midnight; never fails, unlike `toDate` near the smallest datetime. */
function timeOfDay(milliseconds: Long): number {
  const day = BigInt(DAY_MILLISECONDS);
  return Number(((BigInt(milliseconds) % day) + day) % day);
}
