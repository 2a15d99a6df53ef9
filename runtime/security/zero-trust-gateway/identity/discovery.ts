import { MnoError } from "../../../exports";
import type { FetchJson } from "./http-json";

/** What is used of an OpenID provider's metadata (OpenID Connect Discovery, RFC 8414). */
export interface ProviderMetadata {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly authorization_endpoint?: string;
  readonly token_endpoint?: string;
  readonly end_session_endpoint?: string;
  readonly authorization_response_iss_parameter_supported?: boolean;
}

/** Documents of issuers, each fetched when it is first needed and kept; a failure is not kept. */
export class Discovery {
  private readonly documents = new Map<string, Promise<ProviderMetadata>>();

  constructor(private readonly fetchJson: FetchJson) {}

  /** Errors: MNO_IDENTITY_UNAVAILABLE. */
  metadata(issuer: string, wellKnown: "openid-configuration" | "ssf-configuration"): Promise<ProviderMetadata> {
    const url = urlOf(issuer, wellKnown);
    const known = this.documents.get(url);
    if (known !== undefined) return known;
    const fetched = this.fetch(issuer, url);
    this.documents.set(url, fetched);
    fetched.catch(() => this.documents.delete(url));
    return fetched;
  }

  private async fetch(issuer: string, url: string): Promise<ProviderMetadata> {
    try {
      const document = (await this.fetchJson(url)) as Partial<ProviderMetadata> | null;
      // Or one issuer could speak for another (RFC 8414, section 3.3).
      if (document?.issuer !== issuer) throw new Error("it is of another issuer");
      if (typeof document.jwks_uri !== "string") throw new Error("it names no jwks_uri");
      return document as ProviderMetadata;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new MnoError("MNO_IDENTITY_UNAVAILABLE", `The metadata of ${issuer} cannot be had: ${why}`, { cause });
    }
  }
}

/** OpenID Connect appends to the issuer's path; SSF inserts before it, as RFC 8615 would have it. */
function urlOf(issuer: string, wellKnown: string): string {
  if (wellKnown === "openid-configuration") return `${issuer.replace(/\/$/, "")}/.well-known/${wellKnown}`;
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/${wellKnown}${pathname === "/" ? "" : pathname}`;
}
