import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ProtectedRouteArgs } from "../components";

const SHIPPED = join("stacks", "policies", "gateway");
/** Folder of the demonstration's Cedar policies, whether this runs from its sources or from dist. */
export const DEMO_POLICIES =
  [join(__dirname, ".."), join(__dirname, "..", "..")]
    .map((root) => join(root, SHIPPED))
    .find((folder) => existsSync(folder)) ?? SHIPPED;

/** The demo service as the gateway protects it: behind the balancer, which is at `balancerUrl`. */
export function demoRoute(balancerUrl: string): ProtectedRouteArgs {
  return { name: "demo", upstreamUrl: balancerUrl, resourceType: "DemoService", resourceId: "demo" };
}

/** File name -> text of the demonstration's policies. */
export function demoPolicies(): Record<string, string> {
  return { "demo.cedar": readFileSync(join(DEMO_POLICIES, "demo.cedar"), "utf8") };
}

export interface Guarding {
  /** host:port of the gateway. */
  listen: string;
  /** host:port of the policy decision point. */
  decisions: string;
  routes: object[];
  /** Folder of Cedar policies. */
  policies: string;
  /** Built-in users by name; on loopback only. */
  users?: object;
}

/** Makes the zero-trust gateway take requests, and its policies questions. */
export function guarding({ listen, decisions, routes, policies, users = {} }: Guarding): Record<string, string> {
  return {
    MNO_ZTG_LISTEN: listen,
    MNO_ZTG_DECISION_LISTEN: decisions,
    MNO_ZTG_POLICIES_DIR: policies,
    MNO_ZTG_ROUTES: JSON.stringify(routes),
    MNO_ZTG_USERS: JSON.stringify(users),
  };
}

/** The user whom `npm start` made, with what the gateway needs of the password; none where it made none. */
export function demoUsers(file: string): Record<string, { password: string; name: string; groups: string[] }> {
  try {
    const { name, passwordHash } = JSON.parse(readFileSync(file, "utf8")) as { name: string; passwordHash: string };
    return { [name]: { password: passwordHash, name, groups: ["demo"] } };
  } catch {
    return {};
  }
}
