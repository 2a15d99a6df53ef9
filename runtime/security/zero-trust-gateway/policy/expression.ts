import { MnoError } from "../../../exports";
import type { Evaluation } from "./evaluation";
import { CONSTRUCTORS, FUNCTIONS } from "./extensions/functions";
import { EvaluationFault, fail } from "./fault";
import { valueOf } from "./json";
import { add, multiply, negate, subtract } from "./longs";
import { literalOf } from "./long-literals";
import { test as compileTest } from "./predicates";
import { getAttribute, getTag, longOf } from "./operations";
import { MapRecord, SetValue, type Uid, type Value } from "./values";

/** Cedar's expressions in JSON ("EST"), as cedar-wasm makes them. */
export type Expression = Readonly<Record<string, unknown>>;
export interface Binary {
  readonly left: Expression;
  readonly right: Expression;
}

export type Evaluate = (evaluation: Evaluation) => Value;

/** What an expression is compiled with. */
export interface Scope {
  /** Entities of the template's slots. */
  readonly slots: ReadonlyMap<string, Uid>;
  /** How deep the expression is in others. */
  readonly depth: number;
}

/** Closures call each other as deep as expressions are nested. */
const MAX_DEPTH = 256;

export function deeper(scope: Scope): Scope {
  if (scope.depth >= MAX_DEPTH)
    throw new MnoError("MNO_POLICY_INVALID", `An expression is nested deeper than ${MAX_DEPTH} levels`);
  return { slots: scope.slots, depth: scope.depth + 1 };
}

/** The one operator of an expression, and what it takes. */
export function operatorOf(expression: Expression): [string, unknown] {
  const [entry] = Object.entries(expression);
  if (!entry) throw unknownExpression(expression);
  return entry;
}

const ARITHMETIC = new Map([
  ["+", add],
  ["-", subtract],
  ["*", multiply],
]);

/** Compiles an expression into a closure; evaluation errors are thrown by it as EvaluationFault. */
export function compile(expression: Expression, outer: Scope): Evaluate {
  const scope = deeper(outer);
  const constant = literalOf(expression);
  if (constant !== undefined) return () => constant;
  const [operator, operand] = operatorOf(expression);
  const test = compileTest(operator, operand, scope);
  if (test) return test;
  const arithmetic = ARITHMETIC.get(operator);
  if (arithmetic) {
    const [left, right] = compileBoth(operand as Binary, scope);
    return (e) => arithmetic(longOf(left(e)), longOf(right(e)));
  }
  const compiler = COMPILERS.get(operator);
  if (compiler) return compiler(operand as never, scope);
  return compileCall(operator, operand, scope);
}

export function compileBoth({ left, right }: Binary, scope: Scope): [Evaluate, Evaluate] {
  return [compile(left, scope), compile(right, scope)];
}

const COMPILERS: ReadonlyMap<string, (operand: never, scope: Scope) => Evaluate> = new Map<
  string,
  (operand: never, scope: Scope) => Evaluate
>([
  ["Value", constantOf],
  ["Var", variable],
  [
    "Slot",
    (name: string, { slots }) => {
      const uid = slots.get(name);
      if (!uid) throw new MnoError("MNO_POLICY_INVALID", `Nothing is given for the slot ${name}`);
      return () => uid;
    },
  ],
  [
    "neg",
    ({ arg }: { arg: Expression }, scope) => {
      const value = compile(arg, scope);
      return (e) => negate(longOf(value(e)));
    },
  ],
  [
    ".",
    ({ left, attr }: { left: Expression; attr: string }, scope) => {
      const of = compile(left, scope);
      return (e) => getAttribute(of(e), attr, e);
    },
  ],
  [
    "getTag",
    (operand: Binary, scope) => {
      const [left, right] = compileBoth(operand, scope);
      return (e) => getTag(left(e), right(e), e);
    },
  ],
  ["if-then-else", conditional],
  [
    "Set",
    (elements: readonly Expression[], scope) => {
      const compiled = elements.map((element) => compile(element, scope));
      if (elements.every(isConstant)) {
        const set = new SetValue(compiled.map((element) => element(NOTHING)));
        return () => set;
      }
      return (e) => new SetValue(compiled.map((element) => element(e)));
    },
  ],
  [
    "Record",
    (fields: Readonly<Record<string, Expression>>, scope) => {
      const compiled = Object.entries(fields).map(([name, field]) => [name, compile(field, scope)] as const);
      return (e) => new MapRecord(new Map(compiled.map(([name, field]) => [name, field(e)])));
    },
  ],
]);

/** Constants look at nothing. */
const NOTHING = undefined as unknown as Evaluation;

function isConstant(expression: Expression): boolean {
  return literalOf(expression) !== undefined || Object.hasOwn(expression, "Value");
}

function constantOf(json: unknown): Evaluate {
  const value = valueOf(json, undefined);
  return () => value;
}

function variable(name: string): Evaluate {
  switch (name) {
    case "principal":
      return (e) => e.principal;
    case "action":
      return (e) => e.action;
    case "resource":
      return (e) => e.resource;
    case "context":
      return (e) => e.context;
    default:
      throw unknownExpression({ Var: name });
  }
}

function conditional(parts: { if: Expression; then: Expression; else: Expression }, scope: Scope): Evaluate {
  const condition = compileTestOf(parts.if, scope);
  const [yes, no] = [compile(parts.then, scope), compile(parts.else, scope)];
  return (e) => (condition(e) ? yes(e) : no(e));
}

/** An extension function; a constructor of a constant is applied here and now, once. */
function compileCall(name: string, operand: unknown, scope: Scope): Evaluate {
  const called = FUNCTIONS.get(name);
  if (!called || !Array.isArray(operand) || operand.length !== called.arity)
    throw new MnoError("MNO_POLICY_INVALID", `There is no operator or function ${name} with such parameters`);
  const { apply } = called;
  const compiled = (operand as Expression[]).map((argument) => compile(argument, scope));
  const [first, second] = compiled as [Evaluate, Evaluate?];
  if (CONSTRUCTORS.has(name) && isConstant((operand as Expression[])[0]!)) {
    try {
      const value = apply(first(NOTHING));
      return () => value;
    } catch (error) {
      if (!(error instanceof EvaluationFault)) throw error;
      return () => fail(error.message);
    }
  }
  return second ? (e) => apply(first(e), second(e)) : (e) => apply(first(e));
}

/** An expression where a truth value is wanted: any other is a type error when it is evaluated. */
export function compileTestOf(expression: Expression, outer: Scope): (evaluation: Evaluation) => boolean {
  const [operator, operand] = operatorOf(expression);
  const test = compileTest(operator, operand, deeper(outer));
  if (test) return test;
  const value = compile(expression, outer);
  return (e) => {
    const result = value(e);
    return typeof result === "boolean" ? result : fail(`type error: expected bool`);
  };
}

function unknownExpression(expression: Expression): MnoError {
  return new MnoError("MNO_POLICY_INVALID", `${JSON.stringify(expression).slice(0, 80)} is no expression of Cedar`);
}
