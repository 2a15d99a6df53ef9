import type { FastifyInstance } from "fastify";
import type { ResourceManager } from "./manager";
import * as wire from "./quota-schemas";
import { type Quota, quotaOf } from "./quotas";

export interface QuotaRouteOptions {
  manager: ResourceManager;
  /** Declared in the configuration, by tenant. */
  declared: Readonly<Record<string, Quota>>;
  /** Set over HTTP, as of the last batch or refresh. */
  set: () => ReadonlyMap<string, Quota>;
}

export function quotaRoutes(http: FastifyInstance, { manager, declared, set }: QuotaRouteOptions): void {
  const answer = (tenant: string) => {
    const quota = quotaOf(tenant, declared, set());
    const source = set().has(tenant) ? ("set" as const) : quota ? ("declared" as const) : ("none" as const);
    return { tenant, quota: quota ?? null, source };
  };

  http.get<{ Params: wire.TenantPath }>(
    "/v1/tenants/:name/quota",
    { schema: { summary: "A tenant's quota", params: wire.TenantPath, response: { 200: wire.QuotaAnswer } } },
    ({ params }) => Promise.resolve(answer(params.name)),
  );

  http.put<{ Params: wire.TenantPath; Body: wire.QuotaLimits }>(
    "/v1/tenants/:name/quota",
    {
      schema: {
        summary: "Limit what a tenant may hold; what it holds already stays",
        params: wire.TenantPath,
        body: wire.QuotaLimits,
        response: { 200: wire.QuotaAnswer },
      },
    },
    async ({ params, body }) => {
      await manager.setQuota(params.name, body);
      return answer(params.name);
    },
  );

  http.delete<{ Params: wire.TenantPath }>(
    "/v1/tenants/:name/quota",
    {
      schema: {
        summary: "Back to the quota declared in the configuration, if any",
        params: wire.TenantPath,
        response: { 200: wire.QuotaAnswer },
      },
    },
    async ({ params }) => {
      await manager.setQuota(params.name, null);
      return answer(params.name);
    },
  );
}
