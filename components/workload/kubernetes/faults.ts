/** The tools of the validators: a list that checks are added to. */
import type { FieldFault } from "../../../runtime/exports";

export class Faults {
  readonly list: FieldFault[] = [];

  /** Adds a fault unless `ok`. */
  check(ok: boolean, field: string, message: string): void {
    if (!ok) this.list.push({ field, message });
  }

  /** A number in the range, where it is known already. */
  range(
    value: number | undefined,
    field: string,
    { from, to, whole }: { from: number; to: number; whole?: boolean },
  ): void {
    if (value === undefined) return;
    const ok = Number.isFinite(value) && value >= from && value <= to && (!whole || Number.isInteger(value));
    this.check(
      ok,
      field,
      `is ${String(value)}; it must be a ${whole ? "whole " : ""}number from ${String(from)} to ${String(to)}`,
    );
  }

  /** Every value but once. */
  unique(values: readonly (string | number)[], field: string, what: string): void {
    const twice = values.filter((value, index) => values.indexOf(value) !== index);
    this.check(twice.length === 0, field, `name ${what} ${[...new Set(twice)].join(", ")} more than once`);
  }
}
