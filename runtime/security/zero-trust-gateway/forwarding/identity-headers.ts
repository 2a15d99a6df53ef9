import type { GrantFacts } from "../enforcement/grant";

/** What upstreams get to know, by header; nobody else can set these, for the gateway takes them away from what comes in. */
export function identityHeaders({ record, principal }: GrantFacts, assertion: string): Record<string, string> {
  return {
    "x-mno-subject": encodeURIComponent(principal.id),
    "x-mno-subject-type": principal.type,
    "x-mno-authentication": principal.method,
    "x-mno-decision": record.id,
    "x-mno-assertion": assertion,
  };
}
