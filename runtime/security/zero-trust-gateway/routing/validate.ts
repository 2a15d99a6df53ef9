import { X509Certificate } from "node:crypto";
import Ajv from "ajv";
import { type FieldFault, MnoError } from "../../../exports";
import { schemaFault } from "../../../kernel/http/schema-fault";
import { Route } from "./route";
import { compileValidator } from "../validation/validator";
import { expiryFaults, unknownRules } from "./inspection-faults";
import { templateFaults } from "./template";

const validate = new Ajv({ allErrors: true, useDefaults: true, strict: false }).compile<Route>(Route);
const MOST_ROUTES = 1000;

/**
 * Routes with every default filled in; the input stays as it is. Errors: MNO_GATEWAY_ROUTES_INVALID with all faults at once, by JSON
 * pointer. Stored routes may exclude rules that a release before this one had: that they name none now makes nothing less safe.
 */
export function validateRoutes(input: unknown, origin: "given" | "stored" = "given"): Route[] {
  if (!Array.isArray(input)) throw invalid([{ field: "", message: "must be an array of routes" }]);
  if (input.length > MOST_ROUTES)
    throw invalid([{ field: "", message: `must have at most ${String(MOST_ROUTES)} routes` }]);
  const routes = structuredClone(input) as unknown[];
  const faults = routes.flatMap((route, index) => {
    const at = `/${String(index)}`;
    if (!validate(route)) return (validate.errors ?? []).map((error) => schemaFault(at + error.instancePath, error));
    return [
      ...templateFaults(route.resource.id, `${at}/resource/id`),
      ...expiryFaults(route, `${at}/inspection`),
      ...(origin === "given" ? unknownRules(route, `${at}/inspection`) : []),
      ...upstreamFaults(route, `${at}/upstream`),
      ...documentFaults(route, `${at}/openapi`),
    ];
  });
  if (faults.length === 0) faults.push(...collisions(routes as Route[]));
  if (faults.length > 0) throw invalid(faults);
  return routes as Route[];
}

function invalid(faults: FieldFault[]): MnoError {
  const text = faults.map(({ field, message }) => `${field || "/"} ${message}`).join("; ");
  return new MnoError("MNO_GATEWAY_ROUTES_INVALID", `The routes are not valid: ${text}`, { faults });
}

function upstreamFaults({ upstream }: Route, at: string): FieldFault[] {
  if (!upstream) return [];
  const faults: FieldFault[] = [];
  const { url, certificateAuthority, serverName } = upstream;
  const secure = url.startsWith("https:");
  if (!URL.canParse(url)) faults.push({ field: `${at}/url`, message: "must be a URL with a port from 1 to 65535" });
  if (!secure && (certificateAuthority !== undefined || serverName !== undefined)) {
    faults.push({ field: `${at}/url`, message: "must begin with https:// where a certificate is to be checked" });
  }
  if (certificateAuthority !== undefined && !holdsCertificates(certificateAuthority)) {
    faults.push({ field: `${at}/certificateAuthority`, message: "must hold PEM certificates, and no private key" });
  }
  return faults;
}

/** The document is compiled once, for nothing, to hear what is wrong with it. */
function documentFaults({ openapi }: Route, at: string): FieldFault[] {
  if (openapi === undefined) return [];
  try {
    compileValidator(openapi);
    return [];
  } catch (error) {
    if (!(error instanceof MnoError)) throw error;
    return [{ field: at, message: error.message }];
  }
}

function holdsCertificates(pem: string): boolean {
  if (pem.includes("PRIVATE KEY")) return false;
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** Two routes of one name, or of the same requests, of which nobody could say which one counts. */
function collisions(routes: readonly Route[]): FieldFault[] {
  const faults: FieldFault[] = [];
  const names = new Set<string>();
  const claims = new Map<string, string>();
  for (const [index, { name, hosts, pathPrefix }] of routes.entries()) {
    if (names.has(name)) faults.push({ field: `/${String(index)}/name`, message: `repeats the name ${name}` });
    names.add(name);
    for (const host of hosts.length === 0 ? ["*"] : hosts) {
      const claim = `${host} ${pathPrefix.replace(/(?<=.)\/$/, "")}`;
      const other = claims.get(claim);
      if (other !== undefined) {
        faults.push({ field: `/${String(index)}`, message: `takes the same hosts and paths as ${other}` });
      }
      claims.set(claim, name);
    }
  }
  return faults;
}
