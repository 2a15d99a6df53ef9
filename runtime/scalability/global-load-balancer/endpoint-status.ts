import type { Backend } from "./backend";
import type { Member } from "./member";
import { trafficShares } from "./mesh";
import type { EndpointAnswer } from "./schemas";

/** Every endpoint of an upstream as it is at the moment. `now`: milliseconds since the epoch. */
export function endpointAnswers({ name, upstream, dependencies }: Backend, now: number): EndpointAnswer[] {
  const monotonic = dependencies.now();
  const shares = trafficShares(upstream);
  const common = (member: Member) => ({
    upstream: name,
    id: member.id,
    address: member.spec.address,
    region: member.spec.region ?? null,
    zone: member.spec.zone ?? null,
    priority: member.spec.priority,
    weight: member.weight,
    inFlight: member.inFlight,
  });
  const present = [...upstream.members.values()].map((member): EndpointAnswer => {
    const unfit = upstream.unfit(member);
    const ejection = upstream.ejection(member.id);
    const share = shares.get(member) ?? 0;
    return {
      ...common(member),
      share,
      state: member.spec.draining ? "draining" : unfit ? "unfit" : "fit",
      by: unfit?.by ?? null,
      reason: unfit?.reason ?? null,
      until: ejection ? new Date(now + ejection.until - monotonic).toISOString() : null,
      panic: unfit !== undefined && share > 0,
    };
  });
  const leaving = [...upstream.leaving].map((member): EndpointAnswer => ({
    ...common(member),
    share: 0,
    state: "leaving",
    by: "configuration",
    reason: "it was taken away; what is under way may finish",
    until: new Date(now + (member.leavingUntil ?? monotonic) - monotonic).toISOString(),
    panic: false,
  }));
  return [...present, ...leaving];
}
