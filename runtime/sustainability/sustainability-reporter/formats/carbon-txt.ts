import { type Static, Type } from "@sinclair/typebox";

const closed = { additionalProperties: false } as const;

/** What a carbon.txt says beside the report itself. */
export const PublicationSchema = Type.Object(
  {
    url: Type.String({ format: "uri", description: "Where the report is published" }),
    domain: Type.Optional(Type.String({ minLength: 1, description: "Domain that the disclosure is about" })),
    validUntil: Type.Optional(Type.String({ format: "date", description: "Date until which the disclosure holds" })),
    services: Type.Optional(
      Type.Array(
        Type.Object(
          {
            domain: Type.String({ minLength: 1 }),
            name: Type.Optional(Type.String({ minLength: 1 })),
            serviceTypes: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
          },
          closed,
        ),
        { description: "Hosted services that are relied on" },
      ),
    ),
  },
  closed,
);
export type Publication = Static<typeof PublicationSchema>;

/**
 * A carbon.txt: it links to the report, it carries no figures. `updated` is a date (YYYY-MM-DD).
 * Source: carbon.txt syntax 0.5, as the Green Web Foundation's validator has it (thegreenwebfoundation/carbon-txt-validator,
 * schemas/version_0_5.py): version, last_updated, org.disclosures {doc_type, url, domain, valid_until, title}, upstream.services
 * {domain, name, service_type}.
 */
export function carbonTxt(publication: Publication, period: { from: string; to: string }, updated: string): string {
  const { url, domain, validUntil, services = [] } = publication;
  const title = `Greenhouse gas emissions, ${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}`;
  const disclosure = table([
    ["doc_type", text("sustainability-page")],
    ["url", text(url)],
    ["domain", domain && text(domain)],
    ["valid_until", validUntil],
    ["title", text(title)],
  ]);
  const lines = [`version = "0.5"`, `last_updated = ${updated}`, "", "[org]", `disclosures = [${disclosure}]`];
  if (services.length > 0) {
    const items = services.map((service) =>
      table([
        ["domain", text(service.domain)],
        ["name", service.name && text(service.name)],
        ["service_type", service.serviceTypes && `[${service.serviceTypes.map(text).join(", ")}]`],
      ]),
    );
    lines.push("", "[upstream]", `services = [${items.join(", ")}]`);
  }
  return `${lines.join("\n")}\n`;
}

const table = (members: readonly (readonly [name: string, value: string | undefined])[]): string =>
  `{ ${members.flatMap(([name, value]) => (value ? [`${name} = ${value}`] : [])).join(", ")} }`;

/** A basic string of TOML; JSON's escapes are among TOML's, but for DEL. */
const text = (value: string): string => JSON.stringify(value).replaceAll("\u007f", "\\u007F");
