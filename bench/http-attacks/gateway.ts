import { understand } from "../../runtime/security/zero-trust-gateway/enforcement/understand";
import { type Inspected } from "./coraza";

/** Whether the gateway refuses a request before it inspects it, because two servers could read it in two ways. */
export function isMalformed({ request: { method, target, headers } }: Inspected): boolean {
  try {
    understand({
      id: "00000000-0000-4000-8000-000000000000",
      time: 0,
      method,
      target,
      rawHeaders: Object.entries(headers).flatMap(([name, values]) => values.flatMap((value) => [name, value])),
      version: "1.1",
      peer: { address: "192.0.2.1", trusted: false, secure: false },
      certificate: () => undefined,
      traceparent: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00",
      isTrusted: () => false,
    });
    return false;
  } catch {
    return true;
  }
}
