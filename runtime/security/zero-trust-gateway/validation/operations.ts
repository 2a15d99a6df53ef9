import { type ValidateFunction } from "ajv/dist/2020";
import { invalidDocument, isObject, type Json, type OpenApiDocument } from "./document";
import { type ParameterPlace, type ParameterStyle, type Shape, shapeOf } from "./parameters";
import { type Schemas } from "./schemas";

export interface OperationParameter extends ParameterStyle {
  readonly place: ParameterPlace;
  readonly required: boolean;
  readonly allowEmpty: boolean;
  /** The value is a document of its own, as `content: {application/json: ...}` says. */
  readonly isJson: boolean;
  readonly shape: Shape;
  readonly validate: () => ValidateFunction;
}

export interface OperationBody {
  /** Lower-case media type or range -> what it must fit. */
  readonly types: ReadonlyMap<
    string,
    { readonly shape: Shape; readonly validate?: () => ValidateFunction; readonly encoding: Json }
  >;
  readonly required: boolean;
}

export interface Operation {
  /** `GET /users/{id}`. */
  readonly name: string;
  readonly parameters: readonly OperationParameter[];
  readonly body?: OperationBody;
}

export const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"] as const;

const STYLES: Readonly<Record<ParameterPlace, readonly string[]>> = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};

/** The operations of one path item, by upper-case method. */
export function operationsOf(
  document: OpenApiDocument,
  schemas: Schemas,
  template: string,
  item: unknown,
): Map<string, Operation> {
  const pointer = `/paths/${template.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  const { value: path } = document.follow(item, pointer);
  const operations = new Map<string, Operation>();
  for (const method of METHODS) {
    if (path[method] === undefined) continue;
    const at = `${pointer}/${method}`;
    const { value: operation } = document.follow(path[method], at);
    const named = new Map<string, OperationParameter>();
    for (const [list, where] of [
      [path.parameters, pointer],
      [operation.parameters, at],
    ] as const) {
      if (list === undefined) continue;
      if (!Array.isArray(list)) throw invalidDocument(`${where}/parameters`, "must be an array");
      list.forEach((one, index) => {
        const parameter = parameterOf(document, schemas, one, `${where}/parameters/${index}`);
        if (parameter !== undefined) named.set(`${parameter.place} ${parameter.name}`, parameter);
      });
    }
    const body =
      operation.requestBody === undefined
        ? undefined
        : bodyOf(document, schemas, operation.requestBody, `${at}/requestBody`);
    const name = `${method.toUpperCase()} ${template}`;
    operations.set(method.toUpperCase(), { name, parameters: [...named.values()], ...(body && { body }) });
  }
  return operations;
}

/** Headers that OpenAPI leaves to others (3.1, "Parameter Object"). */
const LEFT_OUT = new Set(["accept", "content-type", "authorization"]);

function parameterOf(
  document: OpenApiDocument,
  schemas: Schemas,
  one: unknown,
  at: string,
): OperationParameter | undefined {
  const { value, pointer } = document.follow(one, at);
  const place = value.in as ParameterPlace;
  const name = value.name;
  if (typeof name !== "string" || name === "") throw invalidDocument(pointer, "a parameter needs a name");
  if (!Object.hasOwn(STYLES, String(place)))
    throw invalidDocument(`${pointer}/in`, "must be path, query, header or cookie");
  if (place === "header" && LEFT_OUT.has(name.toLowerCase())) return undefined;
  const style = typeof value.style === "string" ? value.style : STYLES[place][0]!;
  if (!STYLES[place].includes(style))
    throw invalidDocument(`${pointer}/style`, `must be one of ${STYLES[place].join(", ")} for a ${place} parameter`);
  const content = isObject(value.content) ? Object.entries(value.content)[0] : undefined;
  const isJson = content !== undefined && /json/.test(content[0]);
  const schema =
    content === undefined ? (value.schema ?? true) : isObject(content[1]) ? (content[1].schema ?? true) : true;
  const where =
    content === undefined ? `${pointer}/schema` : `${pointer}/content/${content[0].replaceAll("/", "~1")}/schema`;
  const definition = schemas.add(schema, where);
  return {
    place,
    name: place === "header" ? name.toLowerCase() : name,
    style,
    explode: typeof value.explode === "boolean" ? value.explode : style === "form",
    required: value.required === true || place === "path",
    allowEmpty: value.allowEmptyValue === true,
    isJson,
    shape: shapeOf(document, schema, where),
    validate: () => schemas.validator(definition),
  };
}

function bodyOf(document: OpenApiDocument, schemas: Schemas, one: unknown, at: string): OperationBody {
  const { value, pointer } = document.follow(one, at);
  if (!isObject(value.content)) throw invalidDocument(`${pointer}/content`, "must be an object");
  const types = new Map<string, { shape: Shape; validate?: () => ValidateFunction; encoding: Json }>();
  for (const [type, media] of Object.entries(value.content)) {
    const where = `${pointer}/content/${type.replaceAll("~", "~0").replaceAll("/", "~1")}/schema`;
    const schema = isObject(media) ? media.schema : undefined;
    const encoding = isObject(media) && isObject(media.encoding) ? media.encoding : {};
    const definition = schema === undefined ? undefined : schemas.add(schema, where);
    types.set(type.split(";", 1)[0]!.trim().toLowerCase(), {
      shape: shapeOf(document, schema, where),
      encoding,
      ...(definition !== undefined && { validate: () => schemas.validator(definition) }),
    });
  }
  return { types, required: value.required === true };
}
