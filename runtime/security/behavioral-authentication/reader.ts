import { BlockList } from "node:net";
import { MnoError } from "../../exports";
import type { Question } from "./engine";
import type { Attempt } from "./risk/features";
import { UserAgents } from "./risk/user-agent";
import type { AssessmentRequest } from "./schemas";
import { type Address, parseAddress, parsePrefix } from "./travel/address";
import type { Locator } from "./travel/locator";
import type { Vault } from "./vault";

/** How far from now an attempt may lie. */
const FUTURE_MILLISECONDS = 60_000;
const PAST_MILLISECONDS = 24 * 3_600_000;
/** Pseudonyms of addresses, user agents and devices that are kept at hand. */
const MOST_REMEMBERED = 20_000;
const LONGEST_REMEMBERED = 512;

/** Reads requests: where an address is, what a user agent is; identifiers become pseudonyms. */
export class RequestReader {
  private readonly agents = new UserAgents();
  private readonly trusted = new BlockList();
  private readonly pseudonyms = new Map<string, string>();

  /** Errors: MNO_CONFIG_INVALID where one of the trusted ranges is none. */
  constructor(
    private readonly locator: Locator,
    private readonly vault: Vault,
    trustedEgress: readonly string[],
  ) {
    for (const range of trustedEgress) {
      const { address, length } = parsePrefix(range, "MNO_BA_TRUSTED_EGRESS");
      this.trusted.addSubnet(address.text, length, familyOf(address));
    }
  }

  /** Errors: MNO_ASSESSMENT_INVALID. */
  read({ subject, context }: AssessmentRequest, now: number): Omit<Question, "behaviour"> {
    const address = parseAddress(context.address);
    if (address === undefined) {
      throw new MnoError("MNO_ASSESSMENT_INVALID", `context.address "${context.address}" is neither IPv4 nor IPv6`);
    }
    const time = context.time === undefined ? now : Date.parse(context.time);
    if (time > now + FUTURE_MILLISECONDS || time < now - PAST_MILLISECONDS) {
      throw new MnoError(
        "MNO_ASSESSMENT_INVALID",
        `context.time ${String(context.time)} must lie within the last 24 hours, for what is thought of it is of now`,
      );
    }
    const attempt: Attempt = {
      time,
      address: this.pseudonym("address", address.identity),
      place: this.locator.locate(address),
      agent: this.agents.read(context.userAgent),
      agentText: this.pseudonym("agent", context.userAgent ?? ""),
      device: context.deviceId === undefined ? undefined : this.pseudonym("device", context.deviceId),
      rttMs: context.rttMs,
    };
    return {
      attempt,
      session: subject.sessionId === undefined ? undefined : this.pseudonym("session", subject.sessionId),
      trustedEgress: this.trusted.check(address.text, familyOf(address)),
    };
  }

  private pseudonym(kind: string, value: string): string {
    const key = `${kind}\0${value}`;
    const known = this.pseudonyms.get(key);
    if (known !== undefined) return known;
    const made = this.vault.pseudonym(kind, value);
    if (value.length > LONGEST_REMEMBERED) return made;
    // Oldest out: a map iterates in the order of insertion.
    if (this.pseudonyms.size >= MOST_REMEMBERED) this.pseudonyms.delete(this.pseudonyms.keys().next().value!);
    this.pseudonyms.set(key, made);
    return made;
  }
}

const familyOf = ({ bits }: Address): "ipv4" | "ipv6" => (bits === 32 ? "ipv4" : "ipv6");
