import { canonicalJson } from "../canonical";
import type { ReportBody } from "../engine";
import type { Sealed } from "../signer";
import { csv } from "./csv";
import { html } from "./html";
import { impactFramework } from "./impact-framework";

export { carbonTxt, type Publication, PublicationSchema } from "./carbon-txt";

export const FORMATS = ["json", "csv", "ghg-protocol", "esrs", "impact-framework", "carbon-txt", "html"] as const;
export type Format = (typeof FORMATS)[number];

export const MEDIA_TYPES: Readonly<Record<Format, string>> = {
  json: "application/json; charset=utf-8",
  csv: "text/csv; charset=utf-8",
  "ghg-protocol": "application/json; charset=utf-8",
  esrs: "application/json; charset=utf-8",
  "impact-framework": "application/yaml; charset=utf-8",
  "carbon-txt": "text/plain; charset=utf-8",
  html: "text/html; charset=utf-8",
};

/** The report in a format that is made of the report alone. */
export function render(format: Exclude<Format, "carbon-txt">, body: ReportBody, sealed: Sealed | null): string {
  switch (format) {
    case "json":
      return canonicalJson(body);
    case "csv":
      return csv(body);
    case "ghg-protocol":
      return canonicalJson({ period: body.period, filter: body.filter, ...body.statements.ghgProtocol });
    case "esrs":
      return canonicalJson({ period: body.period, filter: body.filter, ...body.statements.esrs });
    case "impact-framework":
      return impactFramework(body);
    case "html":
      return html(body, sealed);
  }
}
