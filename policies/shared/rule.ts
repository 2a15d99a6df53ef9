/** The one model of a rule. A rule is data and a pure function; nothing here knows how Pulumi runs it (see adapter.ts). */
import type { PolicyConfigJSONSchema } from "@pulumi/policy/schema";
import type { Finding } from "./unknown";

/** A resource as a rule sees it. */
export interface Resource {
  /** Pulumi type token, for example `kubernetes:apps/v1:Deployment`. */
  type: string;
  name: string;
  urn: string;
  /** Inputs. Secrets arrive in plaintext: Pulumi unwraps them for policies, so a rule must never print a value. */
  props: Readonly<Record<string, unknown>>;
  /** Inputs of the provider (region, project), where Pulumi gives them. */
  provider?: { props: Readonly<Record<string, unknown>> };
}

interface RuleContext<C> {
  /** The rule's configuration with defaults filled in. */
  config: C;
  /** The moment of judging; rules read no clock. */
  now: Date;
  /** The Pulumi stack's name. */
  stack: string;
}

interface Framework {
  name: string;
  version: string;
  /** The clause or control that the rule serves. */
  clause: string;
}

interface RuleBase {
  /** Stable for ever: "ZT-001". */
  id: string;
  /** The Pulumi policy name, kebab-case: what configuration files refer to. */
  name: string;
  title: string;
  severity: "low" | "medium" | "high" | "critical";
  enforcement: "mandatory" | "advisory";
  frameworks: readonly Framework[];
  card: { rule: string; why: string; avoid: string; prefer: string };
  remediation: string;
  /** JSON Schema of each configuration key; every key has a default or may be absent. */
  config: Readonly<Record<string, PolicyConfigJSONSchema>>;
  /** The resource kinds that the rule claims to judge; the meta-test wants an allowed and a denied fixture for each. */
  kinds: readonly string[];
}

/** Judges one resource at a time, before it is created or changed. */
export interface ResourceRule<C = unknown> extends RuleBase {
  scope: "resource";
  evaluate(resource: Resource, context: RuleContext<C>): Iterable<Finding>;
}

/** Judges all resources of a stack together, at the end of a preview or update. */
export interface StackRule<C = unknown> extends RuleBase {
  scope: "stack";
  evaluate(resources: readonly Resource[], context: RuleContext<C>): Iterable<Finding>;
}

export type Rule = ResourceRule | StackRule;

/** The stack's name out of a URN (`urn:pulumi:<stack>::<project>::<type>::<name>`); empty when it is not one. */
export function stackOf(urn: string): string {
  return /^urn:pulumi:(.+?)::/.exec(urn)?.[1] ?? "";
}
