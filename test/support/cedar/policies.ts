import type { EntityRef } from "../../../runtime/security/zero-trust-gateway/contracts";
import type { Choice } from "./choice";
import * as universe from "./universe";
import { ACTIONS, ATTRIBUTES, type Kind, KINDS, NESTED, TYPES } from "./universe";

/** Writes policies in Cedar's syntax. `wrong` is the probability of a value of another kind than is wanted, at each place. */
export class PolicyWriter {
  constructor(
    private readonly choice: Choice,
    private readonly wrong: number,
  ) {}

  policy(): string {
    const { choice } = this;
    const clauses = choice.times(
      choice.below(3),
      () => `${choice.one(["when", "unless"])} { ${this.expression("bool", 4)} }`,
    );
    const effect = choice.chance(0.65) ? "permit" : "forbid";
    return `${effect}(${this.line("principal")}, ${this.actionLine()}, ${this.line("resource")}) ${clauses.join(" ")};`;
  }

  /** A template with one or both slots. */
  template(id: string, slots: readonly ("?principal" | "?resource")[]): string {
    const line = (variable: "principal" | "resource"): string => {
      if (!slots.includes(`?${variable}`)) return this.line(variable);
      return this.choice.one([
        `${variable} == ?${variable}`,
        `${variable} in ?${variable}`,
        `${variable} is User in ?${variable}`,
      ]);
    };
    const clause = this.choice.chance(0.5) ? `when { ${this.expression("bool", 3)} }` : "";
    return `@id(${text(id)}) permit(${line("principal")}, ${this.actionLine()}, ${line("resource")}) ${clause};`;
  }

  private line(variable: string): string {
    const { choice } = this;
    switch (choice.below(6)) {
      case 0:
        return `${variable} == ${this.uid()}`;
      case 1:
        return `${variable} in ${this.uid()}`;
      case 2:
        return `${variable} is ${choice.one(TYPES)}`;
      case 3:
        return `${variable} is ${choice.one(TYPES)} in ${this.uid()}`;
      default:
        return variable;
    }
  }

  private actionLine(): string {
    const { choice } = this;
    const action = (): string => `Action::${text(choice.one(ACTIONS))}`;
    switch (choice.below(5)) {
      case 0:
        return `action == ${action()}`;
      case 1:
        return `action in ${action()}`;
      case 2:
        return `action in [${choice.times(1 + choice.below(2), action).join(", ")}]`;
      default:
        return "action";
    }
  }

  private uid(types?: readonly string[]): string {
    return uidText(universe.ref(this.choice, types));
  }

  /** An expression of a kind, nested at most `depth` deep. */
  expression(kind: Kind, depth: number): string {
    const { choice } = this;
    const wanted = choice.chance(this.wrong) ? choice.one(KINDS) : kind;
    if (depth <= 0 || (wanted !== "bool" && choice.chance(0.3))) return this.literal(wanted);
    if (choice.chance(0.06))
      return `(if ${this.expression("bool", depth - 1)} then ${this.expression(wanted, depth - 1)} else ${this.expression(wanted, depth - 1)})`;
    if (wanted === "bool" && choice.chance(0.9)) return this.test(depth - 1);
    if (choice.chance(0.55)) return this.attribute(wanted, depth - 1);
    return this.operation(wanted, depth - 1);
  }

  private literal(kind: Kind): string {
    const { choice } = this;
    const list = (make: () => string): string => `[${choice.times(choice.below(4), make).join(", ")}]`;
    const call = (name: string, good: readonly string[], bad: readonly string[]): string =>
      `${name}(${text(choice.chance(this.wrong) ? choice.one(bad) : choice.one(good))})`;
    switch (kind) {
      case "bool":
        return String(choice.chance(0.5));
      case "long":
        return choice.chance(0.15) ? this.bigLong() : `${choice.one(universe.LONGS)}`;
      case "string":
        return text(choice.one(universe.STRINGS));
      case "entity":
        return choice.chance(0.4) ? choice.one(["principal", "resource"]) : this.uid(["User"]);
      case "longs":
        return list(() => this.literal("long"));
      case "strings":
        return list(() => this.literal("string"));
      case "entities":
        return list(() => this.uid(["User"]));
      case "record":
        return `{${NESTED.map(([name, inner]) => `${text(name)}: ${this.literal(inner)}`).join(", ")}}`;
      case "decimal":
        return call("decimal", universe.DECIMALS, universe.BAD_DECIMALS);
      case "ip":
        return call("ip", universe.IPS, universe.BAD_IPS);
      case "datetime":
        return call("datetime", universe.DATETIMES, universe.BAD_DATETIMES);
      case "duration":
        return call("duration", universe.DURATIONS, universe.BAD_DURATIONS);
    }
  }

  private bigLong(): string {
    return this.choice.chance(0.1)
      ? "-9223372036854775808"
      : this.choice.one(["", "-"]) + this.choice.one(universe.BIG_LONGS);
  }

  /** `principal.owner.count` and its like. */
  private attribute(kind: Kind, depth: number): string {
    const { choice } = this;
    const names = ATTRIBUTES.filter(([, of]) => of === kind).map(([name]) => name);
    if (names.length === 0) return this.literal(kind);
    const nested = NESTED.filter(([, of]) => of === kind).map(([name]) => name);
    if (nested.length > 0 && choice.chance(0.3))
      return `${this.expression("record", depth)}${access(choice.one(nested))}`;
    return `${this.holder(depth)}${access(choice.one(names))}`;
  }

  private holder(depth: number): string {
    return this.choice.chance(0.75)
      ? this.choice.one(["principal", "resource", "context"])
      : `${this.expression("entity", depth)}`;
  }

  private operation(kind: Kind, depth: number): string {
    const { choice } = this;
    const of = (wanted: Kind): string => this.expression(wanted, depth);
    switch (kind) {
      case "long":
        return choice.one([
          () => `(${of("long")} ${choice.one(["+", "-", "*"])} ${of("long")})`,
          () => `-(${of("long")})`,
          () => `${of("duration")}.${choice.one(["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"])}()`,
        ])();
      case "string":
        return `${this.holder(0).replace("context", "principal")}.getTag(${of("string")})`;
      case "datetime":
        return choice.one([() => `${of("datetime")}.offset(${of("duration")})`, () => `${of("datetime")}.toDate()`])();
      case "duration":
        return choice.one([
          () => `${of("datetime")}.durationSince(${of("datetime")})`,
          () => `${of("datetime")}.toTime()`,
        ])();
      case "longs":
        return `[${choice.times(1 + choice.below(3), () => of("long")).join(", ")}]`;
      case "entities":
        return `[${choice.times(1 + choice.below(3), () => of("entity")).join(", ")}]`;
      case "bool":
      case "entity":
      case "strings":
      case "record":
      case "decimal":
      case "ip":
        return this.literal(kind);
    }
  }

  private test(depth: number): string {
    const { choice } = this;
    const of = (wanted: Kind): string => this.expression(wanted, depth);
    const any = (): Kind => choice.one(KINDS);
    const same = (form: (kind: Kind) => string): string => form(any());
    const tests: (() => string)[] = [
      () => `(${of("bool")} && ${of("bool")})`,
      () => `(${of("bool")} || ${of("bool")} || ${of("bool")})`,
      () => `(${of("bool")} && ${of("bool")} && ${of("bool")} && ${of("bool")})`,
      () => `!(${of("bool")})`,
      () => same((kind) => `(${of(kind)} ${choice.one(["==", "!="])} ${of(kind)})`),
      () => `(${of("long")} ${choice.one(["<", "<=", ">", ">="])} ${of("long")})`,
      () =>
        same(
          (kind) =>
            `(${of(kind === "duration" ? kind : "datetime")} ${choice.one(["<", "<=", ">", ">="])} ${of(kind === "duration" ? kind : "datetime")})`,
        ),
      () => `(${of("entity")} in ${of("entity")})`,
      () => `(${of("entity")} in ${of("entities")})`,
      () => `(action in [Action::"all", Action::${text(choice.one(ACTIONS))}])`,
      () => `(${of("entity")} is ${choice.one(TYPES)})`,
      () => `(${of("entity")} is ${choice.one(TYPES)} in ${choice.chance(0.5) ? of("entity") : of("entities")})`,
      () => `(${this.holder(depth)} has ${choice.one(["flag", "count", "name", "owner", '"odd name"', "nothing"])})`,
      () =>
        `(${this.holder(depth)} has ${choice.one(["nested.a", "owner.nested.b", "nested.inner.flag", "owner.owner", "count.x", "nothing.at.all"])})`,
      () =>
        `(${of("string")} like "${choice.one(["*", "a*", "*b", "a*b", "a\\*b", "*a*b*", "é", "", "**", "bo*b", "*\\*"])}")`,
      () =>
        same(
          (kind) =>
            `${of(kind === "strings" ? kind : "longs")}.contains(${of(kind === "strings" ? "string" : "long")})`,
        ),
      () => `${of("entities")}.contains(${of("entity")})`,
      () =>
        same(
          (kind) =>
            `${of(kind === "entities" ? kind : "longs")}.${choice.one(["containsAll", "containsAny"])}(${of(kind === "entities" ? kind : "longs")})`,
        ),
      () => `[${of("record")}, ${of("record")}].contains(${of("record")})`,
      () => `[${of("longs")}].containsAny([${of("longs")}, [1, 2]])`,
      () => `${of("strings")}.isEmpty()`,
      () => `${this.holder(0).replace("context", "resource")}.hasTag(${of("string")})`,
      () =>
        `${of("decimal")}.${choice.one(["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"])}(${of("decimal")})`,
      () => `${of("ip")}.${choice.one(["isIpv4", "isIpv6", "isLoopback", "isMulticast"])}()`,
      () => `${of("ip")}.isInRange(${of("ip")})`,
      () => this.attribute("bool", depth),
    ];
    return choice.one(tests)();
  }
}

function access(name: string): string {
  return /^[a-z]+$/.test(name) ? `.${name}` : `[${text(name)}]`;
}

/** A text literal of Cedar. */
export function text(value: string): string {
  const escaped = [...value].map((character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return character < " " ? `\\u{${character.codePointAt(0)!.toString(16)}}` : character;
  });
  return `"${escaped.join("")}"`;
}

function uidText({ type, id }: EntityRef): string {
  return `${type}::${text(id)}`;
}
