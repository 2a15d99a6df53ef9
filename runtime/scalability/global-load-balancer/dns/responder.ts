import { isIP } from "node:net";
import type { Resolution, ResolutionQuery } from "../global-addresses";
import { type DnsAnswer, type DnsQuery, parseQuery, RCODE, renderAnswer, renderFault, TYPE } from "./message";

/** Where the clients of a name should go; undefined where the name is not ours. */
export type ResolveName = (name: string, query: ResolutionQuery) => Resolution | undefined;

/** Answers one message, or not at all. `peer` is the resolver that asks: it stands for its clients where it does not name them. */
export function respond(
  bytes: Buffer,
  peer: string,
  transport: "udp" | "tcp",
  resolve: ResolveName,
): Buffer | undefined {
  const query = parseQuery(bytes);
  if ("fault" in query) return renderFault(query);
  return renderAnswer(query, decide(query, peer, resolve), transport);
}

function decide(query: DnsQuery, peer: string, resolve: ResolveName): DnsAnswer {
  const { edns, inInternet, name, type } = query;
  const refusal = (rcode: number): DnsAnswer => ({ rcode, addresses: [], ttlSeconds: 0, scopePrefix: 0 });
  if (edns && edns.version !== 0) return refusal(RCODE.BADVERS);
  if (!inInternet) return refusal(RCODE.REFUSED);
  const subnet = edns?.subnet;
  // A prefix of 0 bits: the resolver asks not to be told by place.
  const client = subnet ? (subnet.sourcePrefix > 0 ? subnet.address : undefined) : peer;
  const resolution = resolve(name, client === undefined ? {} : { client });
  if (!resolution) return refusal(RCODE.REFUSED);
  const family = type === TYPE.A ? 4 : type === TYPE.AAAA ? 6 : 0;
  // Clients choose among addresses at random: they get those of one region.
  const best = resolution.byRegion.map((addresses) => addresses.filter((address) => isIP(address) === family));
  return {
    rcode: RCODE.NOERROR,
    addresses: best.find((addresses) => addresses.length > 0) ?? [],
    ttlSeconds: resolution.ttlSeconds,
    scopePrefix: subnet?.sourcePrefix ?? 0,
  };
}
