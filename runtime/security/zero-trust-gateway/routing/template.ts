import type { FieldFault } from "../../../exports";
import type { GatewayRequest } from "../contracts";

const VARIABLE = /\{([^{}]*)\}/g;
const KNOWN = /^(route|host|path|[1-9]|[1-9][0-9])$/;

/** Two variables side by side would give different resources the same id: a "/", which no segment has, must be between them. */
export function templateFaults(template: string, field: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const names = [...template.matchAll(VARIABLE)].map(([, name = ""]) => name);
  for (const name of names) {
    if (!KNOWN.test(name)) {
      faults.push({ field, message: `has {${name}}, which is none of {route}, {host}, {path}, {1} to {99}` });
    }
  }
  const between = template.split(VARIABLE).filter((_, index) => index % 2 === 0);
  if (/[{}]/.test(between.join(""))) faults.push({ field, message: "has a brace that belongs to no variable" });
  if (names.length > 1 && names.filter((name) => name === "path").length > 0 && !template.endsWith("{path}")) {
    faults.push({ field, message: "must have {path} at its end, for a path may have any number of segments" });
  }
  if (between.slice(1, -1).some((text, index) => !text.includes("/") && names[index + 1] !== "path")) {
    faults.push({ field, message: "must have a slash between two variables" });
  }
  return faults;
}

/** The id of the resource that a request below `prefix` asks for. */
export function fill(template: string, route: { name: string; pathPrefix: string }, request: GatewayRequest): string {
  if (template === "{path}") return request.path;
  const rest = request.path.slice(route.pathPrefix.replace(/\/$/, "").length + 1);
  const segments = rest.split("/");
  return template.replaceAll(VARIABLE, (_, name: string) => {
    if (name === "path") return request.path;
    if (name === "route") return route.name;
    if (name === "host") return hostName(request.authority);
    return segments[Number(name) - 1] ?? "";
  });
}

/** Without the port. */
export function hostName(authority: string): string {
  return authority.replace(/:[0-9]*$/, "");
}
