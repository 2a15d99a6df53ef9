import { type Static, Type } from "@sinclair/typebox";

const Path = Type.String({
  pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}(\\.[A-Za-z0-9_]{1,64}){0,7}$",
  description: "Place of a value in the event: names joined by dots",
});

export const FieldSchema = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z][a-z0-9_]{0,63}$", description: "Name of the feature, as alerts give it" }),
    path: Path,
    kind: Type.Union([Type.Literal("number"), Type.Literal("category")], { description: "How values are compared" }),
  },
  { additionalProperties: false },
);
export type Field = Static<typeof FieldSchema>;

/** What of an event is looked at. */
export const PipelineSchema = Type.Object(
  {
    name: Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$", description: "Name" }),
    fields: Type.Array(FieldSchema, { minItems: 1, maxItems: 128, description: "Features, in order" }),
    entity: Type.Optional(Path),
    outcome: Type.Optional(
      Type.Object(
        { path: Path, failures: Type.Array(Type.Union([Type.String(), Type.Number()]), { minItems: 1, maxItems: 32 }) },
        { additionalProperties: false, description: "Which values say that it failed; counted per entity" },
      ),
    ),
  },
  { additionalProperties: false, description: "Features of one kind of event" },
);
export type PipelineSpec = Static<typeof PipelineSchema>;

/** The value at a path; own properties only, so that no prototype is reached. */
export function valueAt(event: unknown, path: string): unknown {
  let value = event;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
