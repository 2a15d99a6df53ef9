import type { Logger } from "pino";
import { MnoError } from "../../../exports";
import { RouteRules } from "../inspection/route-rules";
import { compileValidator, type RequestValidator } from "../validation/validator";
import { unknownRules } from "./inspection-faults";
import type { Route } from "./route";
import type { RouteStore, StoredRoutes } from "./store";
import { validateRoutes } from "./validate";

interface RegistryOptions {
  readonly store: RouteStore;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly time: () => number;
  /** Puts routes in force. */
  readonly apply: (routes: readonly Route[]) => void;
}

/** Keeps the routes in force the same as those in the store, with the validators that their upstreams' documents make. */
export class RouteRegistry {
  private version = -1;
  private validators: ReadonlyMap<string, RequestValidator> = new Map();
  private rules: ReadonlyMap<string, RouteRules> = new Map();
  /** Exclusions that were warned about. */
  private warned = new Set<unknown>();

  constructor(private readonly options: RegistryOptions) {}

  validatorOf(route: string): RequestValidator | undefined {
    return this.validators.get(route);
  }

  rulesOf(route: string): RouteRules | undefined {
    return this.rules.get(route);
  }

  /** Errors: MNO_GATEWAY_ROUTES_INVALID, MNO_GATEWAY_ROUTES_CHANGED. */
  async put(input: unknown, expected: number | undefined): Promise<StoredRoutes> {
    const routes = validateRoutes(input);
    const stored = await this.options.store.put(routes, expected);
    if (!stored) {
      const why = `The routes are not of version ${String(expected)} any more; read them, and change those`;
      throw new MnoError("MNO_GATEWAY_ROUTES_CHANGED", why);
    }
    this.follow(stored);
    return stored;
  }

  /** Puts in force what another replica has changed. Routes that are not valid leave those before in force, and say so. */
  async sync(): Promise<void> {
    this.follow(await this.options.store.get());
    this.warnOfExpired();
  }

  private follow({ version, routes }: StoredRoutes): void {
    if (version === this.version) return;
    // Filled in anew: a release may have added members since they were stored.
    const valid = validateRoutes(routes, "stored");
    this.validators = new Map(
      valid.flatMap((route) => (route.openapi === undefined ? [] : [[route.name, validatorFor(route)] as const])),
    );
    this.rules = new Map(
      valid.flatMap(({ name, inspection }) => (saysNothing(inspection) ? [] : [[name, new RouteRules(inspection)]])),
    );
    this.warned = new Set();
    this.version = version;
    this.options.apply(valid);
    this.options.log.info({ version, routes: valid.length }, "routes are in force");
    for (const route of valid) {
      for (const { field, message } of unknownRules(route, "/inspection")) {
        const why = `an exclusion of attack rules does nothing: it ${message}`;
        this.options.log.warn({ route: route.name, field }, why);
      }
    }
  }

  private warnOfExpired(): void {
    for (const [route, rules] of this.rules) {
      for (const exclusion of rules.expired(this.options.time())) {
        if (this.warned.has(exclusion)) continue;
        this.warned.add(exclusion);
        const why =
          "an exclusion of attack rules has expired and does not apply; remove it from the route, or renew it";
        this.options.log.warn({ route, ...exclusion }, why);
      }
    }
  }
}

function saysNothing({ mode, exclusions }: Route["inspection"]): boolean {
  return mode === "block" && exclusions.length === 0;
}

function validatorFor({ openapi, content }: Route): RequestValidator {
  return compileValidator(openapi, { limits: { bytes: content.maximumBytes } });
}
