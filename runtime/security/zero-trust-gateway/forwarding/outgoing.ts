import type { ForwardedRequest } from "../../../kernel/proxy/headers";
import type { Route } from "../routing/route";

/** Cookies between browsers and the gateway: upstreams have no use for their secrets. */
const OWN_COOKIE = /^(__Host-)?mno-/;
const CREDENTIALS = new Set(["authorization", "dpop"]);
const FRAMING = new Set(["content-length"]);
/** The gateway's own: of its span, of the upstream's hop. */
const REPLACED = new Set(["traceparent", "tracestate"]);

interface Additions {
  readonly identity: Readonly<Record<string, string>>;
  readonly trace: Readonly<Record<string, string>>;
  /** Length of the content where it was read: it is framed anew, by that alone. */
  readonly length: number | undefined;
}

/** Headers for the upstream: what the client may say, without its credentials, and what the gateway says. */
export function outgoingHeaders(
  { headers, hasBody }: ForwardedRequest,
  route: Route,
  { identity, trace, length }: Additions,
): string[] {
  const sent: string[] = [];
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const value = headers[index + 1] ?? "";
    const lower = name.toLowerCase();
    if (!route.forwardCredentials && CREDENTIALS.has(lower)) continue;
    if (length !== undefined && hasBody && FRAMING.has(lower)) continue;
    if (REPLACED.has(lower) && Object.keys(trace).length > 0) continue;
    if (lower === "cookie") {
      const kept = withoutOwn(value);
      if (kept !== "") sent.push(name, kept);
      continue;
    }
    sent.push(name, value);
  }
  for (const [name, value] of [...Object.entries(identity), ...Object.entries(trace)]) sent.push(name, value);
  if (length !== undefined && hasBody) sent.push("content-length", String(length));
  const { closeAfterContent = false, protocol } = route.upstream ?? {};
  if (closeAfterContent && hasBody && protocol === "http1") sent.push("connection", "close");
  return sent;
}

function withoutOwn(cookie: string): string {
  return cookie
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "" && !OWN_COOKIE.test(pair))
    .join("; ");
}
