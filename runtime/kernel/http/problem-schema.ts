interface Operation {
  responses?: Record<string, unknown>;
}

interface Document {
  paths?: Record<string, object | undefined>;
  components?: { schemas?: object };
}

const STRING = { type: "string" };
const FAULT = { type: "object", required: ["field", "message"], properties: { field: STRING, message: STRING } };

/** RFC 9457, as `toProblem` writes it; what an error adds is beside these. */
const PROBLEM = {
  title: "Problem",
  type: "object",
  required: ["type", "title", "status", "detail", "code"],
  properties: {
    type: STRING,
    title: STRING,
    status: { type: "integer", minimum: 400, maximum: 599 },
    detail: STRING,
    code: { ...STRING, description: "Stable; the catalogue of errors has them all" },
    faults: { type: "array", items: FAULT },
  },
};

const RESPONSE = {
  description: "A problem document (RFC 9457)",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** Says of every operation that what it answers beside its own responses is a problem document. */
export function declareProblems<T extends Document>(document: T): T & Required<Document> {
  const paths = Object.entries(document.paths ?? {}).map(([path, item = {}]) => {
    const operations = Object.entries(item as Record<string, Operation>).map(
      ([method, operation]) =>
        [method, { ...operation, responses: { ...operation.responses, default: RESPONSE } }] as const,
    );
    return [path, Object.fromEntries(operations)] as const;
  });
  const { components } = document;
  const schemas = { ...components?.schemas, Problem: PROBLEM };
  return { ...document, paths: Object.fromEntries(paths), components: { ...components, schemas } };
}
