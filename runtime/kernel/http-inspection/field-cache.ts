import { type Field } from "./parse/fields";
import { type Rule } from "./rules/rule";

const ENTRIES = 4_096;
/** UTF-16 units of a value that is remembered: user agents, cookies, names of parameters; not bodies. */
const LONGEST = 512;

/**
 * What rules said of a field, remembered: browsers send the same headers and names again and again, and a rule over one text
 * depends on nothing else. At most about 6 MiB; the oldest entry makes room.
 */
export class FieldCache {
  private readonly entries = new Map<string, readonly Rule[]>();

  get(field: Field, compute: () => readonly Rule[]): readonly Rule[] {
    if (field.value.length > LONGEST) return compute();
    const key = `${field.kind}\0${field.isName ? "name" : field.name}\0${field.value}`;
    const known = this.entries.get(key);
    if (known !== undefined) return known;
    const computed = compute();
    if (this.entries.size >= ENTRIES) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(key, computed);
    return computed;
  }
}
