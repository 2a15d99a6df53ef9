import { fail } from "../fault";
import { type Long, long } from "../longs";
import { Keyed } from "../values";

/** Cedar's `decimal`: a 64-bit number of ten-thousandths. */
export class DecimalValue extends Keyed {
  readonly key: string;

  constructor(readonly tenThousandths: Long) {
    super();
    this.key = `(decimal ${tenThousandths})`;
  }
}

export function decimal(text: string): DecimalValue {
  const [, sign, whole, fraction] = /^(-?)(\d+)\.(\d{1,4})$/.exec(text) ?? [];
  const units =
    whole === undefined || whole.length > 40 ? undefined : long(BigInt(`${sign}${whole}${fraction!.padEnd(4, "0")}`));
  return new DecimalValue(units ?? fail(`${JSON.stringify(text)} is not a decimal: 1 to 4 digits after the point`));
}
