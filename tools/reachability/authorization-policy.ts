import { allowed, conditional, denied, type LayerDecision } from "./decision";
import { type Caller, istioPrincipal } from "./identity";
import { matchRule, type RequestAttributes, type RuleMatch, type RuleSpec } from "./istio-rule";
import { type Policy, policiesOf, type Service, type Workload, type World } from "./model";
import { matchesSelector, type Labels } from "./selectors";

interface Target {
  kind: string;
  name: string;
}

export interface AuthorizationPolicySpec {
  selector?: { matchLabels?: Labels };
  targetRefs?: Target[];
  targetRef?: Target;
  action?: "ALLOW" | "DENY" | "CUSTOM" | "AUDIT";
  provider?: { name?: string };
  rules?: RuleSpec[];
}

export type AuthorizationPolicy = Policy<AuthorizationPolicySpec>;

export interface IstioSettings {
  /** Namespace whose policies hold for the whole mesh. */
  rootNamespace: string;
  trustDomain: string;
}

export function authorizationPolicies(world: World): AuthorizationPolicy[] {
  return policiesOf<AuthorizationPolicySpec>(world, "security.istio.io", "AuthorizationPolicy");
}

/** Policies with targets belong to a waypoint or gateway, not to the workload's own proxy. */
export function targetsOf({ spec }: AuthorizationPolicy): Target[] {
  return [...(spec.targetRef ? [spec.targetRef] : []), ...(spec.targetRefs ?? [])];
}

/** Whether the waypoint judges calls of the Service by the policy: it names either of them, or the class of all waypoints. */
export function isAttached(
  policy: AuthorizationPolicy,
  service: Service,
  waypoint: Workload,
  settings: IstioSettings,
): boolean {
  return targetsOf(policy).some(({ kind, name }) => {
    if (kind === "Service") return `${policy.namespace}/${name}` === service.id;
    if (kind === "Gateway") return `${policy.namespace}/${name}` === `${waypoint.namespace.name}/${waypoint.name}`;
    return kind === "GatewayClass" && name === "istio-waypoint" && policy.namespace === settings.rootNamespace;
  });
}

export function appliesTo(policy: AuthorizationPolicy, workload: Workload, settings: IstioSettings): boolean {
  return (
    targetsOf(policy).length === 0 &&
    !workload.waypoint &&
    (policy.namespace === workload.namespace.name || policy.namespace === settings.rootNamespace) &&
    matchesSelector({ matchLabels: policy.spec.selector?.matchLabels ?? {} }, workload.labels)
  );
}

/**
 * CUSTOM, then DENY, then ALLOW; without any ALLOW policy everything not denied passes, with one or more only what a rule
 * matches. A policy without rules never matches: as ALLOW it denies all. At ztunnel, which sees connections and no
 * requests, an ALLOW rule that asks for a request's attributes never matches, a DENY rule forgets them, and CUSTOM and
 * AUDIT policies do nothing. https://istio.io/latest/docs/reference/config/security/authorization-policy/
 * @param policies Those that apply to the receiver.
 */
export function decideIstio(
  policies: readonly AuthorizationPolicy[],
  caller: Caller,
  port: number,
  ztunnel: boolean,
  settings: IstioSettings,
): LayerDecision {
  if (policies.length === 0) return allowed([], "no authorization policy");
  const principal = istioPrincipal(caller, settings.trustDomain);
  const matchesOf = (action: string): { label: string; match: RuleMatch; provider: string }[] =>
    policies
      .filter((policy) => (policy.spec.action ?? "ALLOW") === action)
      .flatMap((policy) =>
        (policy.spec.rules ?? []).map((rule, index) => ({
          label: `${policy.id}[${String(index)}]`,
          match: matchRule(rule, { caller, principal, port, namespace: policy.namespace }, attributes(action, ztunnel)),
          provider: policy.spec.provider?.name ?? "unnamed",
        })),
      )
      .filter(({ match }) => match.verdict !== "denied");

  const denials = matchesOf("DENY");
  const refusal = denials.filter(({ match }) => match.verdict === "allowed").map(({ label }) => label);
  if (refusal.length > 0) return denied(refusal, `DENY policy ${refusal.join(", ")} matches`);

  const allows = policies.filter((policy) => (policy.spec.action ?? "ALLOW") === "ALLOW").map((policy) => policy.id);
  const matches = matchesOf("ALLOW");
  if (allows.length > 0 && matches.length === 0) {
    const who = principal ?? (caller.inCluster ? "a caller without mesh identity" : "a caller from outside");
    return denied(allows, `no ALLOW rule matches ${who} on this port among ${allows.join(", ")}`);
  }
  const sure = matches.filter(({ match }) => match.verdict === "allowed");
  const admitting = (sure.length > 0 ? sure : matches).map(({ label }) => label);
  const permits = sure.length > 0 ? [] : matches.flatMap(({ match }) => match.conditions);
  const custom = ztunnel ? [] : matchesOf("CUSTOM");
  const conditions = [
    ...(permits.length > 0 ? [permits.join(" or ")] : []),
    ...denials.map(({ label, match }) => `not ${match.conditions.join(" and ")} (${label})`),
    ...custom.map(({ label, provider }) => `${provider} agrees (${label})`),
  ];
  const rules = [...admitting, ...denials.map(({ label }) => label), ...custom.map(({ label }) => label)];
  if (conditions.length > 0) return conditional(rules, conditions, "depends on the request");
  return allowed(rules, rules.length > 0 ? "a rule admits it" : "no ALLOW policy");
}

function attributes(action: string, ztunnel: boolean): RequestAttributes {
  if (!ztunnel) return "ask";
  return action === "ALLOW" ? "never" : "ignore";
}

/** Ports that the policies name: only there can a decision change. */
export function namedPorts(policies: readonly AuthorizationPolicy[]): number[] {
  return policies
    .flatMap((policy) => policy.spec.rules ?? [])
    .flatMap(({ to = [], when = [] }) => [
      ...to.flatMap(({ operation = {} }) => [...(operation.ports ?? []), ...(operation.notPorts ?? [])]),
      ...when
        .filter(({ key }) => key === "destination.port")
        .flatMap(({ values = [], notValues = [] }) => [...values, ...notValues]),
    ])
    .map(Number);
}
