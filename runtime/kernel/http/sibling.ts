import type { KernelConfiguration } from "../config";

/** Where an engine reaches another, and what its requests must carry. */
export interface Sibling {
  /** Without a slash at the end; the other engine's name comes behind it. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The runtime that has the other engines: `elsewhere` where the configuration names one, this process otherwise. */
export function sibling(config: object, elsewhere: string | undefined): Sibling {
  const { MNO_HTTP_HOST, MNO_HTTP_PORT, MNO_HTTP_TLS_CERTIFICATE_FILE, MNO_API_TOKEN } =
    config as Partial<KernelConfiguration>;
  const anywhere = MNO_HTTP_HOST === undefined || MNO_HTTP_HOST === "0.0.0.0" || MNO_HTTP_HOST === "::";
  const secured = MNO_HTTP_TLS_CERTIFICATE_FILE !== undefined;
  // A certificate holds names: that of the machine itself is the only one that is the same everywhere.
  const here = secured ? "localhost" : "127.0.0.1";
  const host = anywhere ? here : MNO_HTTP_HOST;
  const scheme = secured ? "https" : "http";
  const own = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${String(MNO_HTTP_PORT ?? 4600)}`;
  return {
    baseUrl: (elsewhere ?? own).replace(/\/+$/, ""),
    headers: MNO_API_TOKEN === undefined ? {} : { authorization: `Bearer ${MNO_API_TOKEN}` },
  };
}
