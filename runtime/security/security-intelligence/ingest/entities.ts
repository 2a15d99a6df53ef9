import type { OcsfEvent } from "../../../kernel/ocsf/schema";

export type EntityKind = "user" | "session" | "address" | "workload" | "key";

/** Somebody or something that events have in common. */
export interface Entity {
  readonly kind: EntityKind;
  readonly id: string;
}

/** An event that names more would make one incident of all that it names. */
const MAX_ENTITIES = 32;

/** Who and what an event is about, the actor first. */
export function entitiesOf(event: OcsfEvent): Entity[] {
  const found = new Map<string, Entity>();
  const add = (kind: EntityKind, id: string | undefined): void => {
    if (id !== undefined && id !== "") found.set(`${kind}:${id}`, { kind, id });
  };
  const user = event.actor?.user ?? event.user;
  const name = user?.uid ?? user?.name;
  // A SPIFFE id is that of a workload, whatever field it comes in.
  add(name?.startsWith("spiffe://") ? "workload" : "user", name);
  if (event.user && event.actor?.user) add("user", event.user.uid ?? event.user.name);
  add("session", event.session?.uid ?? event.actor?.session?.uid);
  add("address", event.src_endpoint?.ip);
  for (const { type, uid, name: label } of event.resources ?? []) {
    if (type === "key") add("key", uid ?? label);
    else if (type === "workload" || type === "pod") add("workload", uid ?? label);
  }
  add("workload", event.src_endpoint?.svc_name);
  return [...found.values()].slice(0, MAX_ENTITIES);
}

export function entityKey({ kind, id }: Entity): string {
  return `${kind}:${id}`;
}

const LOCAL = /^(127\.|::1$|0\.0\.0\.0$|::$|::ffff:127\.)/;

/** Whether two alerts with the entity are likely to be of one incident: everybody on a machine shares its loopback address. */
export function links({ kind, id }: Entity): boolean {
  return kind !== "address" || !LOCAL.test(id);
}
