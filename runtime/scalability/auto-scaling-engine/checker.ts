import { type FieldFault, MnoError } from "../../exports";

export type Fields = Record<string, unknown>;

/** Reads values and collects what is wrong with them; after a fault it returns something of the right type to go on with. */
export class Checker {
  private readonly faults: FieldFault[] = [];

  fault(field: string, message: string): void {
    this.faults.push({ field: field === "" ? "/" : field, message });
  }

  /** Members other than `known` are refused; `undefined` lets any name pass. */
  object(at: string, value: unknown, known: readonly string[] | undefined): Fields {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      this.fault(at, value === undefined ? "is required" : "must be an object");
      return {};
    }
    for (const name of Object.keys(value)) {
      if (known && !known.includes(name)) this.fault(`${at}/${name}`, `is not known; known are ${known.join(", ")}`);
    }
    return value as Fields;
  }

  list(at: string, value: unknown): unknown[] {
    if (Array.isArray(value) && value.length > 0) return value;
    this.fault(at, "must be a list of at least one element");
    return [];
  }

  text(at: string, value: unknown, pattern: RegExp, right: string): string {
    if (typeof value === "string" && pattern.test(value)) return value;
    this.fault(at, value === undefined ? `is required: ${right}` : `must be ${right}`);
    return "";
  }

  oneOf<T extends string>(at: string, value: unknown, allowed: readonly [T, ...T[]]): T {
    if (allowed.includes(value as T)) return value as T;
    this.fault(at, `must be one of ${allowed.join(", ")}`);
    return allowed[0];
  }

  number(at: string, value: unknown, limits: { from: number; to?: number; fraction?: boolean }): number {
    const { from, to = Number.MAX_SAFE_INTEGER, fraction = false } = limits;
    if (typeof value === "number" && value >= from && value <= to && (fraction || Number.isInteger(value)))
      return value;
    const range =
      to === Number.MAX_SAFE_INTEGER ? `at least ${String(from)}` : `between ${String(from)} and ${String(to)}`;
    this.fault(
      at,
      `${value === undefined ? "is required: " : "must be "}${fraction ? "a number" : "an integer"} ${range}`,
    );
    return NaN; // compares false with everything, so that no follow-up fault is reported
  }

  end(workload: string): void {
    if (this.faults.length === 0) return;
    const text = this.faults.map((fault) => `${fault.field} ${fault.message}`).join("; ");
    const of = workload === "" ? "" : ` of ${workload}`;
    throw new MnoError("MNO_SCALER_INVALID", `The scaler${of} is not valid: ${text}`, { faults: this.faults });
  }
}
