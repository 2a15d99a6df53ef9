import { MnoError } from "../../../../exports";
import type { GatewayRequest, Reply } from "../../contracts";
import { mayCarrySecrets } from "../../sessions/cookie";
import { originOf } from "../dpop";

const MOST_PATH_CHARACTERS = 2048;
const MOST_FIELDS = 16;

/** Where the browser is to go; below `/.mno/` are only our own pages. */
export const PREFIX = "/.mno";

/**
 * Refuses what another site's page may have sent, login CSRF included: a login is begun on our own page, or by a program that sends
 * JSON, which no form can. Errors: MNO_ORIGIN_REFUSED, MNO_LOGIN_INSECURE.
 */
export function checkOwnPage(request: GatewayRequest): void {
  if (!mayCarrySecrets(request))
    throw new MnoError("MNO_LOGIN_INSECURE", "Use HTTPS: secrets would be readable on the way");
  const [site] = request.headers["sec-fetch-site"] ?? [];
  const [origin] = request.headers.origin ?? [];
  const [type = ""] = request.headers["content-type"] ?? [];
  const fine =
    site !== undefined
      ? site === "same-origin" || site === "none"
      : origin !== undefined
        ? origin === originOf(request)
        : mediaType(type) === "application/json";
  if (!fine) throw new MnoError("MNO_ORIGIN_REFUSED", "It must be sent from the gateway's own page");
}

function mediaType(contentType: string): string {
  return contentType.split(";")[0]?.trim().toLowerCase() ?? "";
}

/** Texts of a form or of a JSON object; other values of the object are kept as they are. Errors: MNO_REQUEST_MALFORMED. */
export function fieldsOf(request: GatewayRequest, body: Buffer): ReadonlyMap<string, unknown> {
  const malformed = (why: string): never => {
    throw new MnoError("MNO_REQUEST_MALFORMED", `The body ${why}`);
  };
  const text = body.toString("utf8");
  switch (mediaType(request.headers["content-type"]?.[0] ?? "")) {
    case "application/x-www-form-urlencoded": {
      const entries = [...new URLSearchParams(text)];
      const fields = new Map<string, unknown>(entries);
      if (fields.size !== entries.length || fields.size > MOST_FIELDS) malformed("has a field twice, or too many");
      return fields;
    }
    case "application/json": {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        malformed("is not JSON");
      }
      if (typeof value !== "object" || value === null || Array.isArray(value)) malformed("is not a JSON object");
      return new Map(Object.entries(value as object).slice(0, MOST_FIELDS));
    }
    default:
      return malformed("must be a form or JSON");
  }
}

export function textIn(fields: ReadonlyMap<string, unknown>, name: string, most: number): string | undefined {
  const value = fields.get(name);
  return typeof value === "string" && value !== "" && value.length <= most ? value : undefined;
}

/** A path of ours, or "/": where a login leads back to is in the hands of whoever made the link. */
export function returnPath(wanted: unknown, origin: string): string {
  if (typeof wanted !== "string" || wanted.length > MOST_PATH_CHARACTERS || !/^\/(?![/\\])[\x21-\x7e]*$/.test(wanted))
    return "/";
  if (!URL.canParse(wanted, origin)) return "/";
  const { origin: leadsTo, pathname, search } = new URL(wanted, origin);
  return leadsTo === origin && !pathname.startsWith(`${PREFIX}/`) && !pathname.startsWith("//")
    ? pathname + search
    : "/";
}

export function redirect(location: string, cookies: readonly string[] = []): Reply {
  return { status: 303, headers: { location, "cache-control": "no-store", ...setCookies(cookies) }, body: "" };
}

export function json(status: number, value: unknown, cookies: readonly string[] = []): Reply {
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...setCookies(cookies) },
    body: JSON.stringify(value),
  };
}

/** For a form the next page, for a program the same in JSON. */
export function next(request: GatewayRequest, location: string, cookies: readonly string[]): Reply {
  const asked = mediaType(request.headers["content-type"]?.[0] ?? "");
  return asked === "application/json" ? json(200, { next: location }, cookies) : redirect(location, cookies);
}

function setCookies(cookies: readonly string[]): Record<string, readonly string[]> {
  return cookies.length === 0 ? {} : { "set-cookie": cookies };
}
