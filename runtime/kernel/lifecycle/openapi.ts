interface OpenApiDocument {
  paths?: Record<string, unknown>;
  components?: { schemas?: Record<string, unknown> };
}

/** One OpenAPI 3.1 document of a whole process: each engine's paths under its prefix. */
export function mergeOpenApi(
  version: string,
  documents: readonly (readonly [engine: string, document: unknown])[],
): unknown {
  const paths: Record<string, unknown> = {};
  const schemas: Record<string, unknown> = {};
  for (const [engine, document] of documents) {
    const { paths: own = {}, components } = document as OpenApiDocument;
    for (const [path, item] of Object.entries(own)) paths[`/${engine}${path}`] = item;
    Object.assign(schemas, components?.schemas);
  }
  return { openapi: "3.1.0", info: { title: "Machine Native Ops", version }, paths, components: { schemas } };
}
