import { MnoError } from "../../../exports/errors";
import { type GatewayRequest } from "../contracts";
import { bodyFaults, pairsOf, schemaFaults } from "./body";
import { isObject, OpenApiDocument } from "./document";
import { type Operation, type OperationParameter, operationsOf } from "./operations";
import { type Fault, fromPairs, fromText, type ParameterPlace } from "./parameters";
import { Routes } from "./routes";
import { Schemas } from "./schemas";
import { type BodyLimits, readStrictJson } from "./strict-json";

export interface ValidationOptions {
  /** Refuse query parameters and members that the document does not declare. Default true. */
  readonly strict?: boolean;
  /** Path prefix of the upstream that the document's paths lie under; default: that of its first server's URL. */
  readonly basePath?: string;
  readonly limits?: Partial<BodyLimits>;
}

/** What the upstream declared that it takes. */
export interface RequestValidator {
  /** `METHOD /template/{id}` of the operation the request goes to; undefined where none is declared. */
  operationOf(request: Pick<GatewayRequest, "method" | "path">): string | undefined;
  /**
   * Throws MnoError: MNO_REQUEST_UNDECLARED (404), MNO_REQUEST_METHOD_UNDECLARED (405, with `allow`) or
   * MNO_REQUEST_REFUSED_BY_SCHEMA (422, with pointers into path, query, headers, cookies and body).
   */
  validate(request: GatewayRequest, body?: Buffer): void;
}

const LIMITS: BodyLimits = { bytes: 1_048_576, depth: 32, items: 10_000, keys: 1_000, chars: 262_144 };

/**
 * Compiles the operations of an OpenAPI 3.0 or 3.1 document, parsed from JSON or YAML. Throws MNO_OPENAPI_INVALID, also for a
 * reference out of the document and for a pattern that cannot run in linear time.
 */
export function compileValidator(document: unknown, options: ValidationOptions = {}): RequestValidator {
  const strict = options.strict ?? true;
  const limits = { ...LIMITS, ...options.limits };
  const openApi = new OpenApiDocument(document);
  const schemas = new Schemas(openApi, strict);
  const base = (options.basePath ?? serverPath(openApi)).replace(/\/$/, "");
  const routes = new Routes<ReadonlyMap<string, Operation>>();
  const all: Operation[] = [];
  for (const [template, item] of Object.entries(openApi.root.paths as Record<string, unknown>)) {
    if (!template.startsWith("/")) continue;
    const operations = operationsOf(openApi, schemas, template, item);
    routes.add(`${base}${template}`, operations);
    all.push(...operations.values());
  }
  // All now: a schema that cannot be compiled is a fault of the document, not of the first request.
  for (const { parameters, body } of all) {
    for (const parameter of parameters) parameter.validate();
    for (const media of body?.types.values() ?? []) media.validate?.();
  }
  return {
    operationOf: ({ method, path }) => routes.find(path)?.route.get(method)?.name,
    validate(request, body) {
      const found = routes.find(request.path);
      if (found === undefined)
        throw new MnoError("MNO_REQUEST_UNDECLARED", "No path of the upstream's document fits that of the request");
      const operation = found.route.get(request.method);
      if (operation === undefined) {
        const allow = [...found.route.keys()];
        throw new MnoError(
          "MNO_REQUEST_METHOD_UNDECLARED",
          `The upstream declares ${allow.join(", ") || "no method"} here`,
          { extensions: { allow } },
        );
      }
      const faults = [
        ...parameterFaults(operation, request, found.parameters, limits, strict),
        ...bodyFaults(
          operation.body,
          request.headers["content-type"]?.[0] ?? "",
          (request.headers["content-encoding"]?.[0] ?? "").toLowerCase(),
          body,
          limits,
          strict,
        ),
      ].slice(0, 20);
      if (faults.length > 0) {
        throw new MnoError(
          "MNO_REQUEST_REFUSED_BY_SCHEMA",
          `${operation.name}: ${faults[0]!.field} ${faults[0]!.message}`,
          { faults },
        );
      }
    },
  };
}

function serverPath(document: OpenApiDocument): string {
  const servers = document.root.servers;
  const first: unknown = Array.isArray(servers) ? servers[0] : undefined;
  const url = isObject(first) && typeof first.url === "string" ? first.url : "";
  return url.replace(/^[a-z][a-z0-9+.-]{0,20}:\/\/[^/]{0,255}/i, "").replace(/[?#].{0,500}$/, "");
}

function parameterFaults(
  operation: Operation,
  request: GatewayRequest,
  path: Readonly<Record<string, string>>,
  limits: BodyLimits,
  strict: boolean,
): Fault[] {
  const faults: Fault[] = [];
  const query = pairsOf(request.query, "/query", limits, faults);
  const cookies = cookiesOf(request.headers.cookie ?? []);
  const taken = new Set<string>();
  for (const parameter of operation.parameters) {
    const place = PLACES[parameter.place];
    const value = valueOf(parameter, request, path, query, cookies, taken, faults);
    if (value === undefined) {
      if (parameter.required) faults.push({ field: `${place}/${parameter.name}`, message: "is required" });
      continue;
    }
    if (value === "" && parameter.allowEmpty) continue;
    faults.push(...parameterSchemaFaults(parameter, value, `${place}/${parameter.name}`, limits));
  }
  if (strict) {
    for (const name of query.keys())
      if (!taken.has(name)) faults.push({ field: `/query/${name.slice(0, 60)}`, message: "is not declared" });
  }
  return faults;
}

const PLACES: Readonly<Record<ParameterPlace, string>> = {
  path: "/path",
  query: "/query",
  header: "/headers",
  cookie: "/cookies",
};

function parameterSchemaFaults(
  parameter: OperationParameter,
  value: unknown,
  place: string,
  limits: BodyLimits,
): Fault[] {
  if (!parameter.isJson) return schemaFaults(parameter.validate(), value, place);
  const read = readStrictJson(String(value), limits);
  if ("fault" in read) return [{ field: `${place}${read.pointer}`, message: read.fault }];
  return schemaFaults(parameter.validate(), read.value, place);
}

function valueOf(
  parameter: OperationParameter,
  request: GatewayRequest,
  path: Readonly<Record<string, string>>,
  query: ReadonlyMap<string, readonly string[]>,
  cookies: ReadonlyMap<string, readonly string[]>,
  taken: Set<string>,
  faults: Fault[],
): unknown {
  const { place, name, shape } = parameter;
  if (parameter.isJson && (place === "query" || place === "cookie")) {
    const values = (place === "query" ? query : cookies).get(name);
    if (place === "query" && values !== undefined) taken.add(name);
    if (values !== undefined && values.length > 1)
      faults.push({ field: `${PLACES[place]}/${name}`, message: "comes more than once" });
    return values?.[0];
  }
  if (place === "query") return fromPairs(query, parameter, shape, taken, faults, "/query");
  if (place === "cookie") return fromPairs(cookies, parameter, shape, new Set(), faults, "/cookies");
  const text = place === "path" ? own(path, name) : own(request.headers, name)?.join(",");
  if (text === undefined) return undefined;
  return parameter.isJson ? text : fromText(text, parameter, shape);
}

/** A name out of a document is no member of every object. */
function own<T>(members: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(members, name) ? members[name] : undefined;
}

function cookiesOf(headers: readonly string[]): Map<string, string[]> {
  const cookies = new Map<string, string[]>();
  for (const piece of headers.join(";").split(";", 500)) {
    const equals = piece.indexOf("=");
    if (equals < 0) continue;
    const name = piece.slice(0, equals).trim();
    cookies.set(name, [...(cookies.get(name) ?? []), piece.slice(equals + 1).trim()]);
  }
  return cookies;
}
