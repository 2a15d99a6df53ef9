import { cedar } from "../../../runtime/security/zero-trust-gateway/policy/cedar";
import { EntityStore } from "../../../runtime/security/zero-trust-gateway/policy/entities";
import { JsonFault, valueOf } from "../../../runtime/security/zero-trust-gateway/policy/json";
import { loadPolicies } from "../../../runtime/security/zero-trust-gateway/policy/load";
import { compilePolicy } from "../../../runtime/security/zero-trust-gateway/policy/policy";
import { splitPolicies } from "../../../runtime/security/zero-trust-gateway/policy/source-text";
import { Keyed } from "../../../runtime/security/zero-trust-gateway/policy/values";
import { ACCEPTED, type AnyTarget, holds, target } from "../target";

const POLICIES = [
  `@id("a") permit (principal in Group::"staff", action == Action::"read", resource) when { context.risk.percent < 50 && resource.open };`,
  `@id("b") forbid (principal, action, resource) unless { principal has mfa && [1, 2].contains(context.n) };`,
  `permit (principal == User::"x", action in [Action::"r", Action::"w"], resource is Doc in Folder::"f") when { ip("10.0.0.1").isInRange(ip("10.0.0.0/8")) && resource.name like "a*b" && decimal("1.5").lessThan(decimal("2.0")) };`,
];
const CEDAR = [
  "principal",
  "action",
  "resource",
  "context",
  "when { true }",
  "unless",
  "permit",
  "&&",
  ".",
  "has",
  "like",
  "if true then 1 else 2",
  '@id("x")',
  "?principal",
  "is",
  "9223372036854775807",
  "datetime(",
];

/** What cedar-wasm makes of a text, once: mutants of these go to the compiler alone. */
function parsed(text: string): unknown {
  const answer = cedar((wasm) => wasm.policyToJson(text));
  if (answer.type !== "success") throw new Error(`a seed is no policy: ${text}`);
  return answer.json;
}

export const POLICY_TARGETS: readonly AnyTarget[] = [
  target<string>({
    name: "gateway: Cedar policies (text, with cedar-wasm)",
    kind: "text",
    seeds: POLICIES,
    words: CEDAR,
    share: 0.02,
    milliseconds: 500,
    run: (text) => {
      loadPolicies({ sets: { fuzzed: { text } } });
      return ACCEPTED;
    },
  }),
  target<string>({
    name: "gateway: Cedar policies (split into clauses)",
    kind: "text",
    seeds: [POLICIES.join("\n"), `// a\n${POLICIES[1] ?? ""}`],
    words: CEDAR,
    milliseconds: 50,
    run: (text) => {
      const pieces = splitPolicies(text);
      holds(
        pieces.every(({ offset, text: piece }) => offset >= 0 && offset <= text.length && piece.length > 0),
        "a piece that is not of the text",
      );
      return ACCEPTED;
    },
  }),
  target<unknown>({
    name: "gateway: Cedar policies (EST, compiled to closures)",
    kind: "JSON",
    seeds: POLICIES.map(parsed),
    words: ["==", "in", "has", "like", "Var", "Value", "principal", "__entity", "__extn", "ip", "decimal", "Wildcard"],
    milliseconds: 50,
    run: (json) => {
      const source = { set: "s", place: "1:1", text: "", clauses: [] };
      compilePolicy("p", 0, json as never, source);
      return ACCEPTED;
    },
    // Only what Cedar itself wrote reaches the compiler: what is none of it ends in a TypeError, or the like, at load.
    refusal: (error) => (error instanceof TypeError || error instanceof JsonFault ? "no policy" : known(error)),
  }),
  target<unknown>({
    name: "gateway: Cedar values and entities",
    kind: "JSON",
    seeds: [
      [
        {
          type: "User",
          id: "alice",
          attributes: {
            n: 1,
            s: ["a", { __entity: { type: "Group", id: "g" } }],
            at: { __extn: { fn: "ip", arg: "::1" } },
          },
          parents: [{ type: "Group", id: "staff" }],
        },
        { type: "Group", id: "staff", attributes: {}, parents: [], tags: { a: "b" } },
      ],
    ],
    words: [
      "__entity",
      "__extn",
      "decimal",
      "1.23",
      "datetime",
      "2024-01-01",
      "duration",
      "1h",
      "A::B",
      "::",
      "type",
      "id",
    ],
    milliseconds: 50,
    run: (records) => {
      if (!Array.isArray(records)) return "no list";
      if (!records.every((each) => isRecord(each))) return "no entities";
      const store = EntityStore.of(records as never, undefined);
      for (const { attributes } of records as { attributes: Record<string, unknown> }[]) {
        for (const value of Object.values(attributes)) {
          const read = valueOf(value, undefined);
          holds(!(read instanceof Keyed) || typeof read.key === "string", "a value without a key");
        }
      }
      return store.size === records.length ? ACCEPTED : "fewer";
    },
  }),
];

/** As the schema of the HTTP body has it. */
function isRecord(value: unknown): boolean {
  const { type, id, attributes, parents, tags } = (value ?? {}) as Record<string, unknown>;
  const object = (one: unknown): boolean => typeof one === "object" && one !== null && !Array.isArray(one);
  const named = (one: unknown): boolean => {
    const { type: of, id: name } = (one ?? {}) as Record<string, unknown>;
    return typeof of === "string" && typeof name === "string";
  };
  const texts = typeof type === "string" && typeof id === "string";
  return (
    texts &&
    object(attributes) &&
    Array.isArray(parents) &&
    parents.every(named) &&
    (tags === undefined || object(tags))
  );
}

function known(error: unknown): string | undefined {
  return error instanceof RangeError && /stack/.test(error.message) ? "nested too deeply" : undefined;
}
