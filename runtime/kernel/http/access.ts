import type { IncomingHttpHeaders } from "node:http";
import { MnoError } from "../../exports";
import { sameSecret } from "../same-secret";

/** Who may do what over HTTP: reads are open to whoever reaches the port, writes follow the rule below. */
export interface AccessRule {
  /** The address the server is bound to. */
  host: string;
  /** When set, every write needs `Authorization: Bearer <token>`, on loopback too. */
  apiToken?: string;
  /** What is read is as sensitive as what is written: reads need the token, too, but on loopback where none is set. */
  confidential?: boolean;
}

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "::1", "[::1]"]);
const READS = new Set(["GET", "HEAD", "OPTIONS"]);

export function isLoopback(host: string): boolean {
  return LOOPBACK_NAMES.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/**
 * Throws what refuses the request, or returns. On loopback without a token the Host header must name loopback, so that a
 * web page which re-binds its DNS name to 127.0.0.1 cannot write, and neither can one with what browsers send
 * unasked (a POST without a body); off loopback nothing is written without a token.
 * Errors: MNO_HOST_REFUSED, MNO_ORIGIN_REFUSED, MNO_WRITES_DISABLED, MNO_UNAUTHENTICATED.
 */
export function checkAccess(method: string, headers: IncomingHttpHeaders, rule: AccessRule): void {
  if (isLoopback(rule.host)) {
    const name = (headers.host ?? "localhost").replace(/:\d+$/, "");
    if (!isLoopback(name)) {
      throw new MnoError(
        "MNO_HOST_REFUSED",
        `The Host header is "${name}"; on loopback it must be localhost or 127.0.0.1`,
      );
    }
  }
  const read = READS.has(method);
  if (read && rule.confidential !== true) return;
  if (rule.apiToken === undefined) {
    if (isLoopback(rule.host)) return read ? undefined : checkOrigin(headers);
    if (read) {
      throw new MnoError(
        "MNO_UNAUTHENTICATED",
        `Bound to ${rule.host}: set MNO_API_TOKEN to read what is confidential`,
      );
    }
    throw new MnoError("MNO_WRITES_DISABLED", `Bound to ${rule.host}: set MNO_API_TOKEN to accept writes off loopback`);
  }
  const [scheme, presented = ""] = (headers.authorization ?? "").split(" ", 2);
  if (scheme?.toLowerCase() !== "bearer" || !sameSecret(presented, rule.apiToken)) {
    throw new MnoError(
      "MNO_UNAUTHENTICATED",
      `${read ? "What is confidential needs" : "Writes need"} the header Authorization: Bearer <MNO_API_TOKEN>`,
    );
  }
}

/** Only browsers send these headers, and no page can change them. With a token there is no need: no other page knows it. */
function checkOrigin({ host, origin, "sec-fetch-site": site }: IncomingHttpHeaders): void {
  if (origin !== undefined && origin.replace(/^https?:\/\//, "") !== host) {
    throw new MnoError(
      "MNO_ORIGIN_REFUSED",
      `The Origin is "${origin}"; without a token only pages of this server may write`,
    );
  }
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    throw new MnoError(
      "MNO_ORIGIN_REFUSED",
      `Sec-Fetch-Site is "${String(site)}"; without a token it must be same-origin or none to write`,
    );
  }
}
