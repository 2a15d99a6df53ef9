/** Runs both policy packs in-process over registered resources, as a preview would. */
import assert from "node:assert/strict";
import { CARBON_RULES } from "../../policies/carbon/rules";
import { judge } from "../../policies/shared/judge";
import type { Resource, Rule } from "../../policies/shared/rule";
import { ZERO_TRUST_RULES } from "../../policies/zero-trust/rules";

/** What a mock monitor sees of a registration. */
export interface RegisteredResource {
  type: string;
  name: string;
  props: Readonly<Record<string, unknown>>;
  /** Default: made of type and name, in the stack "test". */
  urn?: string;
  provider?: Resource["provider"];
}

export const ALL_RULES: readonly Rule[] = [...ZERO_TRUST_RULES, ...CARBON_RULES];

/** A moment at which the factor tables are fresh; tests of their age pass their own. */
export const TEST_NOW = new Date("2026-11-01T00:00:00Z");

export function toResource({ type, name, props, urn, provider }: RegisteredResource): Resource {
  return {
    type,
    name,
    props,
    urn: urn ?? `urn:pulumi:test::project::${type}::${name}`,
    ...(provider ? { provider } : {}),
  };
}

/** The mandatory violations of both packs at their defaults; `config` by policy name. */
export function mandatoryViolations(
  registered: readonly RegisteredResource[],
  config: Readonly<Record<string, Record<string, unknown>>> = {},
): string[] {
  const resources = registered.map(toResource);
  return ALL_RULES.filter((rule) => rule.enforcement === "mandatory").flatMap((rule) =>
    judge(rule, resources, config[rule.name] ?? {}, TEST_NOW)
      .filter(({ outcome }) => outcome === "violation")
      .map(({ message, urn }) => (urn === undefined ? message : `${message} [${urn}]`)),
  );
}

/** Fails, listing every mandatory violation, unless the resources conform to both packs. */
export function assertConforms(
  registered: readonly RegisteredResource[],
  config: Readonly<Record<string, Record<string, unknown>>> = {},
): void {
  assert.deepEqual(mandatoryViolations(registered, config), []);
}
