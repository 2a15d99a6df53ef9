import { type Static, type TSchema, Type } from "@sinclair/typebox";
import Ajv from "ajv";
import { MnoError } from "../../../exports";

/** What comes over HTTP and out of files. */

const Name = Type.String({ maxLength: 512 });
const strict = { additionalProperties: false } as const;
const Attributes = Type.Record(Type.String(), Type.Unknown(), {
  description: "Cedar values in JSON; entities as {__entity: {type, id}}, others as {__extn: {fn, arg}}",
});

const Ref = Type.Object({ type: Name, id: Type.String({ maxLength: 4096 }) }, strict);

const EntityBody = Type.Object(
  {
    type: Name,
    id: Type.String({ maxLength: 4096 }),
    attributes: Attributes,
    parents: Type.Array(Ref),
    tags: Type.Optional(Attributes),
  },
  strict,
);

const LinkBody = Type.Object(
  {
    template: Type.String({ description: "Id of the template" }),
    id: Type.String({ minLength: 1, description: "Id of the policy that is made of it" }),
    values: Type.Object({ "?principal": Type.Optional(Ref), "?resource": Type.Optional(Ref) }, strict),
  },
  strict,
);

export const LINKS_FILE = Type.Array(LinkBody);
export const ENTITIES_FILE = Type.Array(EntityBody);

const Reason = Type.Optional(Type.String({ maxLength: 500, description: "Why, for the history" }));
const Text = Type.String({ maxLength: 4_000_000, description: "Policies and templates in Cedar's syntax" });

export const SetName = Type.Object({
  set: Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description: "Name of the set" }),
});
export const SetBody = Type.Object({ text: Text, links: Type.Optional(LINKS_FILE), reason: Reason }, strict);
export const SchemaBody = Type.Object(
  {
    schema: Type.Union([Type.String({ maxLength: 1_000_000 }), Type.Null()], {
      description: "In Cedar's schema syntax or its JSON form as a text; null for none",
    }),
    reason: Reason,
  },
  strict,
);
export const VersionNumber = Type.Object({ number: Type.Integer({ minimum: 0 }) });
export const ReasonBody = Type.Object({ reason: Reason }, strict);

export const EntitiesBody = Type.Object({ entities: ENTITIES_FILE }, strict);
export const EntitiesPatch = Type.Object(
  { put: Type.Optional(ENTITIES_FILE), remove: Type.Optional(Type.Array(Ref)) },
  strict,
);
export const EntitiesQuery = Type.Object({
  type: Type.Optional(Name),
  after: Type.Optional(Type.String({ description: "Id of the last one of the page before; needs a type" })),
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
});

export const QuestionBody = Type.Object(
  {
    principal: Ref,
    action: Ref,
    resource: Ref,
    context: Type.Record(Type.String(), Type.Unknown(), { default: {} }),
    entities: Type.Optional(Type.Array(EntityBody, { maxItems: 100 })),
  },
  strict,
);

export const DryRunBody = Type.Object(
  {
    sets: Type.Record(
      Type.String(),
      Type.Union([Type.Object({ text: Text, links: Type.Optional(LINKS_FILE) }, strict), Type.Null()]),
      { default: {}, description: "Sets to put or, with null, to leave out; the others stay" },
    ),
    schema: Type.Optional(Type.Union([Type.String({ maxLength: 1_000_000 }), Type.Null()])),
    questions: Type.Optional(
      Type.Array(QuestionBody, { maxItems: 10_000, description: "By default the latest that were decided" }),
    ),
  },
  strict,
);

export const WhoCouldBody = Type.Object(
  {
    open: Type.Unsafe<"principal" | "action" | "resource">({
      type: "string",
      enum: ["principal", "action", "resource"],
      description: "Which part is looked for; of it, only the type counts",
    }),
    question: QuestionBody,
    limit: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
    after: Type.Optional(Type.String({ description: "`next` of the page before" })),
  },
  strict,
);

const ajv = new Ajv({ strict: true, allErrors: false });

/** Reads a JSON file by a schema. Errors: MNO_POLICY_INVALID. */
export function readJson<S extends TSchema>(schema: S, text: string, name: string): Static<S> {
  const fail = (detail: string): never => {
    throw new MnoError("MNO_POLICY_INVALID", `${name}: ${detail}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail((error as Error).message);
  }
  const check = ajv.compile(schema);
  if (!check(json)) {
    const [fault] = check.errors ?? [];
    return fail(`${fault?.instancePath ?? ""} ${fault?.message ?? "is not valid"}`);
  }
  return json;
}
