import type { MnoError } from "../../../exports";
import type { GatewayRequest, LimitState } from "../contracts";
import { limitHeaders } from "../limits/headers";
import { mayCarrySecrets, SESSION_COOKIE, setCookie } from "../sessions/cookie";
import { DPOP_ALGORITHMS, type DpopProofs, originOf } from "./dpop";
import { returnPath } from "./login/exchange";
import { LOGIN, STEP_UP } from "./login/session-pages";

/** Of RFC 6750, section 3.1, RFC 9449, section 7.1, and RFC 9470, section 3. */
const CHALLENGES: Partial<Record<MnoError["code"], string>> = {
  MNO_TOKEN_INVALID: "invalid_token",
  MNO_TOKEN_BINDING_REFUSED: "invalid_token",
  MNO_STEP_UP_REQUIRED: "insufficient_user_authentication",
  MNO_DPOP_INVALID: "invalid_dpop_proof",
  MNO_DPOP_NONCE_REQUIRED: "use_dpop_nonce",
};

/** The headers that go with a refusal: how to do better, when, and for a browser where. */
export function refusalHeaders(
  error: MnoError,
  request: GatewayRequest,
  proofs: Pick<DpopProofs, "nonce">,
  canLogIn: boolean,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  if (error.status === 401) {
    headers["www-authenticate"] = challenge(error, request);
    const nonce = proofs.nonce();
    if (nonce !== undefined) headers["dpop-nonce"] = nonce;
    if (canLogIn && isNavigation(request)) {
      const returnTo = returnPath(request.target, originOf(request));
      const place = error.code === "MNO_STEP_UP_REQUIRED" ? STEP_UP : LOGIN;
      headers.location = `${place}?${new URLSearchParams({ return_to: returnTo }).toString()}`;
    }
  }
  const sessionIsOver = error.code === "MNO_SESSION_OVER" || error.code === "MNO_SESSION_STOPPED";
  if (sessionIsOver && mayCarrySecrets(request)) headers["set-cookie"] = [setCookie(request, SESSION_COOKIE, "", 0)];
  if (error.code === "MNO_RATE_LIMITED") {
    const { retryAfterSeconds, limits } = error.extensions as {
      retryAfterSeconds: number;
      limits: readonly LimitState[];
    };
    headers["retry-after"] = String(retryAfterSeconds);
    Object.assign(headers, limitHeaders(limits));
  }
  return headers;
}

function challenge({ code, message, extensions }: MnoError, request: GatewayRequest): string {
  const sentDpop = /^dpop /i.test(request.headers.authorization?.[0] ?? "");
  const error = CHALLENGES[code];
  const isDpop = error === "invalid_dpop_proof" || error === "use_dpop_nonce" || sentDpop;
  const parameters = [
    ...(error === undefined
      ? []
      : [`error="${error}"`, `error_description="${message.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")}"`]),
    ...(code === "MNO_STEP_UP_REQUIRED"
      ? [`acr_values="${String(extensions.acrValues)}"`, `max_age=${String(extensions.maxAgeSeconds)}`]
      : []),
    ...(isDpop ? [`algs="${DPOP_ALGORITHMS.join(" ")}"`] : []),
  ];
  return [isDpop ? "DPoP" : "Bearer", parameters.join(", ")].filter((part) => part !== "").join(" ");
}

/** A page that a person looks at, rather than a program. */
function isNavigation({ method, headers }: GatewayRequest): boolean {
  if (method !== "GET") return false;
  const [mode] = headers["sec-fetch-mode"] ?? [];
  if (mode !== undefined) return mode === "navigate";
  return headers.accept?.some((accept) => accept.includes("text/html")) ?? false;
}
