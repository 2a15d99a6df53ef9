import { type TSchema, Type } from "@sinclair/typebox";

/**
 * The JSON schemas of the Sigma specification 2.1.0 (github.com/SigmaHQ/sigma-specification, public domain), with what its text
 * allows and they forget: a list of conditions. What they do not name is allowed, as they say.
 */

const text = (maxLength?: number) => Type.String(maxLength === undefined ? {} : { maxLength });
const oneOf = (...values: string[]) => Type.Unsafe<string>({ type: "string", enum: values });
const DATE = Type.String({ pattern: "^\\d{4}-(0[1-9]|1[012])-(0[1-9]|[12][0-9]|3[01])$" });
const UUID = Type.String({ format: "uuid" });
const maybe = <S extends TSchema>(schema: S) => Type.Optional(schema);
const unique = <S extends TSchema>(items: S) => Type.Array(items, { uniqueItems: true });

const HEAD = {
  title: Type.String({ minLength: 1, maxLength: 256 }),
  id: maybe(UUID),
  name: maybe(text(256)),
  taxonomy: maybe(text(256)),
  status: maybe(oneOf("stable", "test", "experimental", "deprecated", "unsupported")),
  description: maybe(text(65_535)),
  author: maybe(text()),
  references: maybe(Type.Array(text())),
  date: maybe(DATE),
  modified: maybe(DATE),
  level: maybe(oneOf("informational", "low", "medium", "high", "critical")),
};

const LOGSOURCE = Type.Object({
  category: maybe(text()),
  product: maybe(text()),
  service: maybe(text()),
  definition: maybe(text()),
});

const TAGS = unique(Type.String({ pattern: "^[a-z0-9_-]+\\.[a-z0-9._-]+$" }));
const FALSE_POSITIVES = unique(Type.String({ minLength: 2 }));
const CONDITION = Type.Union([text(), Type.Array(text(), { minItems: 1 })]);

export const RULE = Type.Object({
  ...HEAD,
  related: maybe(
    Type.Array(Type.Object({ id: UUID, type: oneOf("derived", "obsolete", "merged", "renamed", "similar") })),
  ),
  license: maybe(text()),
  logsource: LOGSOURCE,
  detection: Type.Intersect([Type.Record(text(), Type.Unknown()), Type.Object({ condition: CONDITION })]),
  fields: maybe(unique(text())),
  falsepositives: maybe(FALSE_POSITIVES),
  tags: maybe(TAGS),
  scope: maybe(Type.Array(Type.String({ minLength: 2 }))),
});

export const FILTER = Type.Object({
  title: HEAD.title,
  id: maybe(UUID),
  description: HEAD.description,
  date: maybe(DATE),
  modified: maybe(DATE),
  taxonomy: HEAD.taxonomy,
  logsource: LOGSOURCE,
  filter: Type.Intersect([
    Type.Record(text(), Type.Unknown()),
    Type.Object({
      rules: Type.Array(text(), { minItems: 1, uniqueItems: true }),
      selection: Type.Unknown(),
      condition: CONDITION,
    }),
  ]),
});

export const CORRELATION_TYPES = [
  "event_count",
  "value_count",
  "temporal",
  "temporal_ordered",
  "value_sum",
  "value_avg",
  "value_percentile",
] as const;

const GROUP_BY = unique(text());

export const CORRELATION = Type.Object({
  ...HEAD,
  tags: maybe(TAGS),
  falsepositives: maybe(Type.Union([Type.String({ minLength: 2 }), FALSE_POSITIVES])),
  generate: maybe(Type.Boolean()),
  correlation: Type.Object({
    type: oneOf(...CORRELATION_TYPES),
    rules: Type.Union([text(), Type.Array(text(), { minItems: 1, uniqueItems: true })]),
    aliases: maybe(Type.Record(text(), Type.Record(text(), text()))),
    "group-by": maybe(Type.Union([text(), GROUP_BY])),
    timespan: Type.String({ pattern: "^[1-9][0-9]{0,8}[smhd]$" }),
    condition: maybe(
      Type.Object(
        {
          gt: maybe(Type.Number()),
          gte: maybe(Type.Number()),
          lt: maybe(Type.Number()),
          lte: maybe(Type.Number()),
          eq: maybe(Type.Number()),
          neq: maybe(Type.Number()),
          field: maybe(Type.Union([text(256), Type.Array(text(256), { minItems: 1, maxItems: 8 })])),
          percentile: maybe(Type.Number({ minimum: 0, maximum: 100 })),
        },
        { additionalProperties: false, minProperties: 1 },
      ),
    ),
    generate: maybe(Type.Boolean()),
  }),
});
