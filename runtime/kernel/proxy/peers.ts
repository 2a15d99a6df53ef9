import { BlockList, isIP, type Socket } from "node:net";
import { MnoError } from "../../exports";

/** The other end of a connection. */
export interface Peer {
  /** IPv4 addresses in their own form, also where the socket is of IPv6. */
  readonly address: string;
  /** What it says of earlier hops is believed. */
  readonly trusted: boolean;
  readonly secure: boolean;
}

/** Knows which peers are proxies whose word counts. */
export class TrustedPeers {
  private readonly blocks = new BlockList();

  /** `trusted`: addresses or CIDR blocks. Errors: MNO_CONFIG_INVALID for what is neither. */
  constructor(trusted: readonly string[]) {
    for (const block of trusted) {
      const [, address = "", prefix] = /^([^/]+)(?:\/([0-9]{1,3}))?$/.exec(block) ?? [];
      const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
      const length = Number(prefix ?? longest);
      if (longest < 0 || length > longest || address.includes("%")) {
        throw new MnoError(
          "MNO_CONFIG_INVALID",
          `A trusted proxy is an address or a block such as 10.0.0.0/8, not ${block}`,
        );
      }
      this.blocks.addSubnet(address, length, family(address));
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.blocks.check(address, family(address));
  }

  /** Looked up once for each connection. */
  of(socket: Socket): Peer {
    const known = (socket as { peer?: Peer }).peer;
    if (known) return known;
    // Gone already, perhaps: the address is then unknown.
    const address = (socket.remoteAddress ?? "unknown").replace(/^::ffff:(?=\d+\.)/, "");
    const peer: Peer = { address, trusted: this.has(address), secure: "encrypted" in socket };
    Object.assign(socket, { peer });
    return peer;
  }
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
