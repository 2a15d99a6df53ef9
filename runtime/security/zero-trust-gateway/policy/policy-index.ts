import type { EntityStore } from "./entities";
import type { Evaluation } from "./evaluation";
import type { Policy } from "./policy";
import type { ScopeLine } from "./scope";
import type { Uid } from "./values";

/** From so many policies on that name an entity, they are looked up by it instead of being tried one after another. */
const LOOK_UP_FROM = 24;
/** Beyond so many combinations of action and types, all policies are tried. */
const MAX_BUCKETS = 4096;
/** Stands for all types and actions that no policy and no entity mentions: what callers name must not fill the memory. */
const OTHER = "";

/** Policies that may speak on questions of one action, principal type and resource type. */
class Bucket {
  /** To be tried on every question. */
  readonly always: readonly Policy[];
  /** Whether those are all. */
  readonly isSimple: boolean;
  private readonly byPrincipal: ReadonlyMap<string, readonly Policy[]>;
  private readonly byResource: ReadonlyMap<string, readonly Policy[]>;

  constructor(policies: readonly Policy[]) {
    const [principals, resources, others]: [Policy[], Policy[], Policy[]] = [[], [], []];
    for (const policy of policies) {
      if (policy.principal.entities.length > 0) principals.push(policy);
      else if (policy.resource.entities.length > 0) resources.push(policy);
      else others.push(policy);
    }
    const grouped = principals.length + resources.length >= LOOK_UP_FROM;
    this.always = grouped ? others : policies;
    this.isSimple = !grouped;
    this.byPrincipal = grouped ? group(principals, ({ principal }) => principal) : new Map();
    this.byResource = grouped ? group(resources, ({ resource }) => resource) : new Map();
  }

  /** Calls `visit` with each policy that names the principal or the resource, or an ancestor of theirs. */
  visitNamed(e: Evaluation, visit: (policy: Policy) => void): void {
    if (this.byPrincipal.size > 0) visitGroups(this.byPrincipal, e.principal, e, visit);
    if (this.byResource.size > 0) visitGroups(this.byResource, e.resource, e, visit);
  }
}

function group(policies: readonly Policy[], line: (policy: Policy) => ScopeLine): Map<string, Policy[]> {
  const groups = new Map<string, Policy[]>();
  for (const policy of policies) {
    const { key } = line(policy).entities[0]!; // principals and resources name one at most
    const members = groups.get(key);
    if (members) members.push(policy);
    else groups.set(key, [policy]);
  }
  return groups;
}

function visitGroups(
  groups: ReadonlyMap<string, readonly Policy[]>,
  uid: Uid,
  e: Evaluation,
  visit: (policy: Policy) => void,
): void {
  groups.get(uid.key)?.forEach(visit);
  const ancestors = e.entities.get(uid.key)?.ancestors;
  if (!ancestors) return;
  // Of groups and ancestors, the fewer are walked.
  if (ancestors.size <= groups.size) for (const key of ancestors) groups.get(key)?.forEach(visit);
  else for (const [key, members] of groups) if (ancestors.has(key)) members.forEach(visit);
}

/** Finds the policies that may speak on a question by its action and types; their whole scope is still to be tested. */
export class PolicyIndex {
  private readonly types = new Set<string>();
  private readonly actions = new Set<string>();
  private readonly buckets = new Map<string, Map<string, Map<string, Bucket>>>();
  private made = 0;
  private readonly all: Bucket;

  constructor(
    private readonly policies: readonly Policy[],
    private readonly entities: EntityStore,
  ) {
    this.all = new Bucket(policies);
    for (const type of entities.types()) this.types.add(type);
    for (const { principal, action, resource } of policies) {
      for (const { type } of [principal, resource]) if (type !== undefined) this.types.add(type);
      for (const { key } of action.entities) this.actions.add(key);
    }
  }

  /** The bucket of a question; made when it is first asked for. */
  find(e: Evaluation): Bucket {
    // An action that the question brings along may have other ancestors than the stored one.
    if (e.entities !== this.entities && e.entities.get(e.action.key) !== this.entities.get(e.action.key))
      return this.all;
    const byPrincipal = this.buckets.get(e.action.key) ?? child(this.buckets, this.actionKey(e.action));
    const byResource = byPrincipal.get(e.principal.type) ?? child(byPrincipal, this.typeKey(e.principal.type));
    const known = byResource.get(e.resource.type) ?? byResource.get(this.typeKey(e.resource.type));
    if (known) return known;
    if (this.made >= MAX_BUCKETS) return this.all;
    this.made++;
    const bucket = new Bucket(this.policies.filter((policy) => this.mayApply(policy, e)));
    byResource.set(this.typeKey(e.resource.type), bucket);
    return bucket;
  }

  private actionKey({ key }: Uid): string {
    return this.actions.has(key) || this.entities.get(key) ? key : OTHER;
  }

  private typeKey(type: string): string {
    return this.types.has(type) ? type : OTHER;
  }

  private mayApply({ principal, action, resource }: Policy, e: Evaluation): boolean {
    return (
      (principal.type === undefined || principal.type === e.principal.type) &&
      (resource.type === undefined || resource.type === e.resource.type) &&
      action.test({ ...e, entities: this.entities })
    );
  }
}

function child<T>(of: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let found = of.get(key);
  if (!found) of.set(key, (found = new Map<string, T>()));
  return found;
}
