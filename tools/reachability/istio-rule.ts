import type { Verdict } from "./decision";
import { type Caller, matchesText } from "./identity";

interface Source {
  principals?: string[];
  notPrincipals?: string[];
  namespaces?: string[];
  notNamespaces?: string[];
  serviceAccounts?: string[];
  notServiceAccounts?: string[];
  ipBlocks?: string[];
  notIpBlocks?: string[];
  remoteIpBlocks?: string[];
  notRemoteIpBlocks?: string[];
  requestPrincipals?: string[];
  notRequestPrincipals?: string[];
}

interface Operation {
  ports?: string[];
  notPorts?: string[];
  hosts?: string[];
  notHosts?: string[];
  methods?: string[];
  notMethods?: string[];
  paths?: string[];
  notPaths?: string[];
}

interface When {
  key: string;
  values?: string[];
  notValues?: string[];
}

export interface RuleSpec {
  from?: { source?: Source }[];
  to?: { operation?: Operation }[];
  when?: When[];
}

/** allowed: matches; conditional: matches requests that meet one of the conditions; denied: never matches. */
export interface RuleMatch {
  verdict: Verdict;
  conditions: readonly string[];
}

interface Connection {
  caller: Caller;
  principal: string | undefined;
  port: number;
  /** Namespace of the policy: a service account without a namespace is one of it. */
  namespace: string;
}

/** What becomes of attributes that only a request has: asked for, ignored, or the rule never matches. */
export type RequestAttributes = "ask" | "ignore" | "never";

const YES: RuleMatch = { verdict: "allowed", conditions: [] };
const NO: RuleMatch = { verdict: "denied", conditions: [] };

/** `from`, `to` and every `when` must match; within `from` and `to` one entry is enough. An absent part matches all. */
export function matchRule(rule: RuleSpec, connection: Connection, attributes: RequestAttributes): RuleMatch {
  if (attributes === "never" && asksForRequest(rule)) return NO;
  const from = any((rule.from ?? []).map(({ source = {} }) => matchSource(source, connection, attributes)));
  const to = any((rule.to ?? []).map(({ operation = {} }) => matchOperation(operation, connection.port, attributes)));
  return all([from, to, ...(rule.when ?? []).map((when) => matchWhen(when, connection, attributes))]);
}

function matchSource(source: Source, connection: Connection, attributes: RequestAttributes): RuleMatch {
  const { identity } = connection.caller;
  const account = identity && `${identity.namespace}/${identity.serviceAccount}`;
  const qualify = (name: string): string => (name.includes("/") ? name : `${connection.namespace}/${name}`);
  return all([
    texts(source.principals, source.notPrincipals, connection.principal),
    texts(source.namespaces, source.notNamespaces, identity?.namespace),
    texts(source.serviceAccounts?.map(qualify), source.notServiceAccounts?.map(qualify), account),
    ask("source address", source.ipBlocks, source.notIpBlocks, "ask"),
    ask("client address", source.remoteIpBlocks, source.notRemoteIpBlocks, attributes),
    ask("token of", source.requestPrincipals, source.notRequestPrincipals, attributes),
  ]);
}

function matchOperation(operation: Operation, port: number, attributes: RequestAttributes): RuleMatch {
  return all([
    texts(operation.ports, operation.notPorts, String(port)),
    ask("host", operation.hosts, operation.notHosts, attributes),
    request(operation, attributes),
  ]);
}

/** Methods and paths read best as one: "GET /v1/*". */
function request(operation: Operation, attributes: RequestAttributes): RuleMatch {
  const { methods = [], paths = [], notMethods = [], notPaths = [] } = operation;
  if (attributes === "ignore" || methods.length + paths.length + notMethods.length + notPaths.length === 0) return YES;
  const parts = [
    [methods.join("|"), paths.join("|")].filter((part) => part !== "").join(" "),
    ...(notMethods.length > 0 ? [`not ${notMethods.join("|")}`] : []),
    ...(notPaths.length > 0 ? [`not ${notPaths.join("|")}`] : []),
  ].filter((part) => part !== "");
  return { verdict: "conditional", conditions: [parts.join(" and ")] };
}

function matchWhen(when: When, { caller, principal, port }: Connection, attributes: RequestAttributes): RuleMatch {
  switch (when.key) {
    case "source.principal":
      return texts(when.values, when.notValues, principal);
    case "source.namespace":
      return texts(when.values, when.notValues, caller.identity?.namespace);
    case "destination.port":
      return texts(when.values, when.notValues, String(port));
    case "source.ip":
    case "destination.ip":
      return ask(when.key, when.values, when.notValues, "ask");
    default:
      return ask(when.key, when.values, when.notValues, attributes);
  }
}

function asksForRequest(rule: RuleSpec): boolean {
  const given = (...lists: (string[] | undefined)[]): boolean => lists.some((list) => (list ?? []).length > 0);
  return (
    (rule.from ?? []).some(({ source: s = {} }) =>
      given(s.remoteIpBlocks, s.notRemoteIpBlocks, s.requestPrincipals, s.notRequestPrincipals),
    ) ||
    (rule.to ?? []).some(({ operation: o = {} }) =>
      given(o.hosts, o.notHosts, o.methods, o.notMethods, o.paths, o.notPaths),
    ) ||
    (rule.when ?? []).some(
      ({ key }) =>
        !["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"].includes(key),
    )
  );
}

function texts(values: string[] = [], notValues: string[] = [], value: string | undefined): RuleMatch {
  const matches = (pattern: string): boolean => matchesText(pattern, value);
  return (values.length === 0 || values.some(matches)) && !notValues.some(matches) ? YES : NO;
}

/** Not known from manifests: it becomes a condition. */
function ask(what: string, values: string[] = [], notValues: string[] = [], attributes: RequestAttributes): RuleMatch {
  if (attributes === "ignore" || values.length + notValues.length === 0) return YES;
  const parts = [
    ...(values.length > 0 ? [`${what} ${values.join("|")}`] : []),
    ...(notValues.length > 0 ? [`${what} not ${notValues.join("|")}`] : []),
  ];
  return { verdict: "conditional", conditions: [parts.join(" and ")] };
}

function all(matches: readonly RuleMatch[]): RuleMatch {
  if (matches.some((match) => match.verdict === "denied")) return NO;
  const open = matches.filter((match) => match.verdict === "conditional").map((match) => match.conditions.join(" or "));
  return open.length === 0 ? YES : { verdict: "conditional", conditions: [open.join(" and ")] };
}

function any(matches: readonly RuleMatch[]): RuleMatch {
  if (matches.length === 0 || matches.some((match) => match.verdict === "allowed")) return YES;
  const open = matches.flatMap((match) => match.conditions);
  return open.length === 0 ? NO : { verdict: "conditional", conditions: open };
}
