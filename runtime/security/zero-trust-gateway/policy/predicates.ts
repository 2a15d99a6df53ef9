import type { Evaluation } from "./evaluation";
import {
  type Binary,
  compile,
  compileBoth,
  compileTestOf,
  type Expression,
  operatorOf,
  type Scope,
} from "./expression";
import type { Long } from "./longs";
import { getAttribute, hasAttribute, hasTag, isIn, isInAny, order, setOf, stringOf, uidOf } from "./operations";
import { compilePattern, type Pattern } from "./patterns";
import { equal, Uid, type Value } from "./values";

export type Test = (evaluation: Evaluation) => boolean;

/** Compiles an operator whose result is a truth value; undefined for the others. */
export function test(operator: string, operand: unknown, scope: Scope): Test | undefined {
  return TESTS.get(operator)?.(operand as never, scope);
}

const TESTS: ReadonlyMap<string, (operand: never, scope: Scope) => Test> = new Map<
  string,
  (operand: never, scope: Scope) => Test
>([
  ["&&", (operand: Binary, scope) => all(compileChain("&&", operand, scope))],
  ["||", (operand: Binary, scope) => any(compileChain("||", operand, scope))],
  [
    "!",
    ({ arg }: { arg: Expression }, scope) => {
      const inner = compileTestOf(arg, scope);
      return (e) => !inner(e);
    },
  ],
  ["==", equality],
  [
    "!=",
    (operand: Binary, scope) => {
      const same = equality(operand, scope);
      return (e) => !same(e);
    },
  ],
  ["<", ordering((a, b) => a < b)],
  ["<=", ordering((a, b) => a <= b)],
  [">", ordering((a, b) => a > b)],
  [">=", ordering((a, b) => a >= b)],
  ["in", membership],
  ["has", has],
  [
    "like",
    ({ left, pattern }: { left: Expression; pattern: Pattern }, scope) => {
      const text = compile(left, scope);
      const matches = compilePattern(pattern);
      return (e) => matches(stringOf(text(e)));
    },
  ],
  ["is", is],
  ["contains", binary((set, element) => setOf(set).has(element))],
  [
    "containsAll",
    binary((a, b) => {
      const [whole, part] = [setOf(a), setOf(b)];
      return part.every((element) => whole.has(element));
    }),
  ],
  [
    "containsAny",
    binary((a, b) => {
      const [left, right] = [setOf(a), setOf(b)];
      return left.size < right.size
        ? left.some((element) => right.has(element))
        : right.some((element) => left.has(element));
    }),
  ],
  [
    "isEmpty",
    ({ arg }: { arg: Expression }, scope) => {
      const set = compile(arg, scope);
      return (e) => setOf(set(e)).size === 0;
    },
  ],
  ["hasTag", binary(hasTag)],
]);

/** `a && b && c` is nested to the left, as deep as it is long: compiled as one list. */
function compileChain(operator: "&&" | "||", operand: Binary, scope: Scope): Test[] {
  const parts = [operand.right];
  let { left } = operand;
  for (;;) {
    const [inner, innerOperand] = operatorOf(left);
    if (inner !== operator) break;
    parts.push((innerOperand as Binary).right);
    left = (innerOperand as Binary).left;
  }
  parts.push(left);
  return parts.reverse().map((part) => compileTestOf(part, scope));
}

export function all(tests: readonly Test[]): Test {
  const [first, second, ...rest] = tests;
  if (!first) return () => true;
  if (!second) return first;
  if (rest.length === 0) return (e) => first(e) && second(e);
  return (e) => {
    for (const each of tests) if (!each(e)) return false;
    return true;
  };
}

function any(tests: readonly Test[]): Test {
  const [first, second, ...rest] = tests as [Test, Test, ...Test[]];
  if (rest.length === 0) return (e) => first(e) || second(e);
  return (e) => {
    for (const each of tests) if (each(e)) return true;
    return false;
  };
}

function binary(apply: (a: Value, b: Value, e: Evaluation) => boolean) {
  return (operand: Binary, scope: Scope): Test => {
    const [left, right] = compileBoth(operand, scope);
    return (e) => apply(left(e), right(e), e);
  };
}

function ordering(compare: (a: Long, b: Long) => boolean) {
  return (operand: Binary, scope: Scope): Test => {
    const [left, right] = compileBoth(operand, scope);
    return (e) => {
      const a = left(e);
      const b = right(e);
      if (typeof a === "number" && typeof b === "number") return compare(a, b);
      return compare(...order(a, b));
    };
  };
}

function equality(operand: Binary, scope: Scope): Test {
  const [left, right] = compileBoth(operand, scope);
  return (e) => equal(left(e), right(e));
}

function membership(operand: Binary, scope: Scope): Test {
  const [left, right] = compileBoth(operand, scope);
  return (e) => {
    const member = left(e);
    const of = right(e);
    return member instanceof Uid && of instanceof Uid ? isIn(member, of, e) : isInAny(member, of, e);
  };
}

/** `a has b.c` is `a has b && a.b has c`. */
function has({ left, attr }: { left: Expression; attr: string | readonly string[] }, scope: Scope): Test {
  const of = compile(left, scope);
  const [first, ...rest] = typeof attr === "string" ? [attr] : attr;
  if (rest.length === 0) return (e) => hasAttribute(of(e), first!, e);
  const names = [first!, ...rest];
  return (e) => {
    let value = of(e);
    for (let index = 0; index < names.length; index++) {
      if (!hasAttribute(value, names[index]!, e)) return false;
      if (index < names.length - 1) value = getAttribute(value, names[index]!, e);
    }
    return true;
  };
}

function is(operand: { left: Expression; entity_type: string; in?: Expression }, scope: Scope): Test {
  const of = compile(operand.left, scope);
  const type = operand.entity_type;
  if (!operand.in) return (e) => uidOf(of(e)).type === type;
  const ancestor = compile(operand.in, scope);
  return (e) => {
    const value = of(e);
    return uidOf(value).type === type && isInAny(value, ancestor(e), e);
  };
}
