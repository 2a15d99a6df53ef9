import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { malformed } from "./target";

/**
 * DER of the certificate that the connection's other end showed and that an accepted authority vouches for; undefined where it showed
 * none. Errors: MNO_REQUEST_MALFORMED for one that nobody vouches for, which is not the same as none.
 */
export function verifiedCertificate(socket: Socket): Buffer | undefined {
  const { getPeerCertificate, authorized } = socket as Partial<TLSSocket>;
  // Node answers with an empty object where there is none.
  const shown = getPeerCertificate?.call(socket) as { raw?: Buffer } | undefined;
  if (shown?.raw === undefined) return undefined;
  if (authorized !== true) throw malformed("the certificate that it came with is not of an accepted authority");
  return shown.raw;
}
