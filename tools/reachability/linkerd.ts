import { allowed, conditional, denied, type LayerDecision } from "./decision";
import { type Caller, linkerdIdentity } from "./identity";
import { compare, type Policy, policiesOf, type Workload, type World } from "./model";
import { type LabelSelector, matchesSelector } from "./selectors";

interface ServerSpec {
  podSelector?: LabelSelector;
  port?: number | string;
  accessPolicy?: string;
}

interface Reference {
  group?: string;
  kind: string;
  name: string;
  namespace?: string;
}

interface AuthorizationPolicySpec {
  targetRef?: Reference;
  requiredAuthenticationRefs?: Reference[];
}

interface MeshTlsSpec {
  identities?: string[];
  identityRefs?: { kind: string; name?: string; namespace?: string }[];
}

interface NetworkSpec {
  networks?: { cidr: string; except?: string[] }[];
}

interface RouteSpec {
  parentRefs?: Reference[];
  rules?: { matches?: { method?: string; path?: { value?: string } }[] }[];
}

export interface LinkerdSettings {
  trustDomain: string;
  /** `proxy.defaultInboundPolicy` of the installation. */
  defaultInboundPolicy: string;
}

export interface LinkerdPolicies {
  servers: Policy<ServerSpec>[];
  authorizations: Policy<AuthorizationPolicySpec>[];
  meshTls: Map<string, Policy<MeshTlsSpec>>;
  networks: Map<string, Policy<NetworkSpec>>;
  routes: Map<string, Policy<RouteSpec>>;
}

const GROUP = "policy.linkerd.io";
const EVERYWHERE = ["0.0.0.0/0", "::/0"];

export function linkerdPolicies(world: World): LinkerdPolicies {
  const byId = <Spec>(group: string, kind: string): Map<string, Policy<Spec>> =>
    new Map(policiesOf<Spec>(world, group, kind).map((policy) => [policy.id, policy]));
  return {
    servers: policiesOf<ServerSpec>(world, GROUP, "Server"),
    authorizations: policiesOf<AuthorizationPolicySpec>(world, GROUP, "AuthorizationPolicy"),
    meshTls: byId(GROUP, "MeshTLSAuthentication"),
    networks: byId(GROUP, "NetworkAuthentication"),
    routes: new Map([
      ...byId<RouteSpec>(GROUP, "HTTPRoute"),
      ...byId<RouteSpec>("gateway.networking.k8s.io", "HTTPRoute"),
    ]),
  };
}

function serverFor(policies: LinkerdPolicies, to: Workload, port: number): Policy<ServerSpec> | undefined {
  return policies.servers.find(
    ({ namespace, spec }) =>
      namespace === to.namespace.name &&
      matchesSelector(spec.podSelector ?? {}, to.labels) &&
      (spec.port === port || to.containerPorts.some((own) => own.name === spec.port && own.port === port)),
  );
}

/**
 * A Server denies what no AuthorizationPolicy for it, for its namespace or for a route of it admits, unless its accessPolicy
 * says otherwise; a port without Server follows the default inbound policy of pod, namespace or installation.
 * https://linkerd.io/2/reference/authorization-policy
 */
export function decideLinkerd(
  policies: LinkerdPolicies,
  to: Workload,
  caller: Caller,
  port: number,
  settings: LinkerdSettings,
): LayerDecision {
  const server = serverFor(policies, to, port);
  if (!server) {
    const annotation = "config.linkerd.io/default-inbound-policy";
    const fallback =
      to.annotations[annotation] ?? to.namespace.annotations[annotation] ?? settings.defaultInboundPolicy;
    return byDefault(fallback, caller, [], `default inbound policy ${fallback}`);
  }
  const found = policies.authorizations.flatMap((policy) => {
    const target = targetOf(policies, policy, server);
    const admitted = target && authenticate(policies, policy, caller, settings);
    return admitted ? [{ id: policy.id, conditions: [...target.conditions, ...admitted] }] : [];
  });
  const sure = found.filter(({ conditions }) => conditions.length === 0).map(({ id }) => id);
  if (sure.length > 0) return allowed(sure, `admitted to Server ${server.id}`);
  const access = server.spec.accessPolicy ?? "deny";
  if (access !== "deny") return byDefault(access, caller, [server.id], `accessPolicy ${access} of Server ${server.id}`);
  if (found.length > 0) {
    return conditional(
      found.map(({ id }) => id),
      found.map(({ conditions }) => conditions.join(" and ")),
      "depends on the request",
    );
  }
  const who = linkerdIdentity(caller, settings.trustDomain) ?? "a caller without mesh identity";
  return denied([server.id], `no AuthorizationPolicy of Server ${server.id} admits ${who}`);
}

function byDefault(policy: string, caller: Caller, rules: readonly string[], why: string): LayerDecision {
  switch (policy) {
    case "all-unauthenticated":
    case "audit":
      return allowed(rules, why);
    case "all-authenticated":
    case "cluster-authenticated":
      return caller.identity ? allowed(rules, why) : denied(rules, `${why} asks for a mesh identity`);
    case "cluster-unauthenticated":
      if (caller.inCluster) return allowed(rules, why);
      return conditional(rules, ["source address in the cluster's networks"], why);
    default:
      return denied(rules, why);
  }
}

/** What a request must be like to be meant by the policy; undefined where the policy is for something else. */
function targetOf(
  policies: LinkerdPolicies,
  policy: Policy<AuthorizationPolicySpec>,
  server: Policy<unknown>,
): { conditions: string[] } | undefined {
  const target = policy.spec.targetRef;
  if (!target || policy.namespace !== server.namespace) return undefined;
  if (target.kind === "Server") return target.name === server.name ? { conditions: [] } : undefined;
  if (target.kind === "Namespace") return target.name === server.namespace ? { conditions: [] } : undefined;
  const route = policies.routes.get(`${policy.namespace}/${target.name}`);
  if (!route?.spec.parentRefs?.some((parent) => parent.kind === "Server" && parent.name === server.name))
    return undefined;
  const matches = (route.spec.rules ?? []).flatMap((rule) => rule.matches ?? [{}]);
  const texts = matches.map(({ method = "any method", path }) => `${method} ${path?.value ?? "/*"}`);
  return { conditions: [texts.join(" or ")] };
}

/** Every reference must hold; one that cannot be resolved makes the policy void. The conditions left, or undefined. */
function authenticate(
  policies: LinkerdPolicies,
  policy: Policy<AuthorizationPolicySpec>,
  caller: Caller,
  settings: LinkerdSettings,
): string[] | undefined {
  const conditions: string[] = [];
  for (const reference of policy.spec.requiredAuthenticationRefs ?? []) {
    const namespace = reference.namespace ?? policy.namespace;
    const id = `${namespace}/${reference.name}`;
    if (reference.kind === "NetworkAuthentication") {
      const networks = policies.networks.get(id)?.spec.networks;
      if (!networks) return undefined;
      const anywhere = networks.some(({ cidr, except = [] }) => EVERYWHERE.includes(cidr) && except.length === 0);
      if (!anywhere)
        conditions.push(
          `source address ${networks
            .map(({ cidr }) => cidr)
            .sort(compare)
            .join("|")}`,
        );
    } else if (reference.kind === "ServiceAccount") {
      if (!isAccount(caller, namespace, reference.name)) return undefined;
    } else {
      const spec = policies.meshTls.get(id)?.spec;
      if (!spec || !holdsIdentity(spec, namespace, caller, settings.trustDomain)) return undefined;
    }
  }
  return conditions;
}

function holdsIdentity(spec: MeshTlsSpec, namespace: string, caller: Caller, trustDomain: string): boolean {
  const identity = linkerdIdentity(caller, trustDomain);
  if (identity === undefined) return false;
  return (
    (spec.identities ?? []).some(
      (pattern) =>
        pattern === "*" || pattern === identity || (pattern.startsWith("*.") && identity.endsWith(pattern.slice(1))),
    ) ||
    (spec.identityRefs ?? []).some((reference) =>
      reference.kind === "Namespace"
        ? caller.identity?.namespace === (reference.name ?? reference.namespace ?? namespace)
        : isAccount(caller, reference.namespace ?? namespace, reference.name ?? ""),
    )
  );
}

function isAccount(caller: Caller, namespace: string, name: string): boolean {
  return caller.identity?.namespace === namespace && caller.identity.serviceAccount === name;
}
