import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import type { KeyMaterial } from "../../kernel/crypto/provider";
import type { Key } from "./key";
import type { KeyDirectory } from "./key-directory";
import type { Keys, KeySpec } from "./keys";
import type { KeyStore } from "./key-store";
import * as wire from "./schemas";
import type { SigningService } from "./signing";

export interface KeyRouteOptions {
  keys: Keys;
  store: KeyStore;
  directory: KeyDirectory;
  signing: SigningService;
}

const PAGE = 50;
const callerOf = (headers: wire.CallerHeaders): string => headers["mno-caller"] ?? "";

/** Keys: made, listed, changed. */
export function installKeyRoutes(http: FastifyInstance, { keys, store, directory, signing }: KeyRouteOptions): void {
  const answers = { response: { 200: wire.KeyAnswer } };

  http.post<{ Body: wire.KeyRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys",
    {
      schema: {
        summary: "Make a key, or bring one",
        headers: wire.CallerHeaders,
        body: wire.KeyRequest,
        response: { 201: wire.KeyAnswer },
      },
    },
    async ({ body, headers }, reply) => {
      const { key, decisionId } = await keys.create(callerOf(headers), specFrom(body));
      void reply.code(201).header("location", `/quantum-cryptography/v1/keys/${key.id}`);
      return keyAnswer(key, decisionId);
    },
  );

  http.get<{ Querystring: wire.PageQuery }>(
    "/v1/keys",
    { schema: { summary: "All keys, oldest first", querystring: wire.PageQuery, response: { 200: wire.KeyPage } } },
    async ({ query: { limit = PAGE, cursor } }) => {
      const found = await store.list(limit + 1, cursor);
      const page = found.slice(0, limit);
      return { items: page.map((key) => keyAnswer(key)), nextCursor: found.length > limit ? page.at(-1)!.id : null };
    },
  );

  http.get<{ Params: wire.KeyPath }>(
    "/v1/keys/:key",
    { schema: { summary: "One key", params: wire.KeyPath, ...answers } },
    async ({ params }) => keyAnswer(await directory.get(params.key)),
  );

  http.patch<{ Params: wire.KeyPath; Body: wire.KeyPatch; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key",
    {
      schema: {
        summary: "Change alias, rotation or grants",
        params: wire.KeyPath,
        headers: wire.CallerHeaders,
        body: wire.KeyPatch,
        ...answers,
      },
    },
    async ({ params, body, headers }) => changedAnswer(await keys.update(callerOf(headers), params.key, body)),
  );

  http.post<{ Params: wire.KeyPath; Body: wire.RotateRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/rotate",
    {
      schema: {
        summary: "A new version, of another suite where one is named",
        description:
          "Earlier versions go on to open. Registered envelopes are wrapped anew in the background: GET …/v1/rewraps.",
        params: wire.KeyPath,
        headers: wire.CallerHeaders,
        body: wire.RotateRequest,
        ...answers,
      },
    },
    async ({ params, body, headers }) => changedAnswer(await keys.rotate(callerOf(headers), params.key, body.suite)),
  );

  for (const change of ["enable", "disable", "cancel-destruction"] as const) {
    http.post<{ Params: wire.KeyPath; Headers: wire.CallerHeaders }>(
      `/v1/keys/:key/${change}`,
      { schema: { summary: SUMMARIES[change], params: wire.KeyPath, headers: wire.CallerHeaders, ...answers } },
      async ({ params, headers }) => changedAnswer(await keys.changeState(callerOf(headers), params.key, change)),
    );
  }

  http.post<{ Params: wire.KeyPath; Body: wire.DestroyRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/schedule-destruction",
    {
      schema: {
        summary: "Destroy the key after a waiting period, in which it does nothing",
        description: "409 while registered envelopes need it. What only it can open is lost then.",
        params: wire.KeyPath,
        headers: wire.CallerHeaders,
        body: wire.DestroyRequest,
        ...answers,
      },
    },
    async ({ params, body, headers }) =>
      changedAnswer(await keys.scheduleDestruction(callerOf(headers), params.key, body.days)),
  );

  http.delete<{ Params: wire.VersionPath; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/versions/:version",
    {
      schema: {
        summary: "Destroy an earlier version now; 409 while registered envelopes need it",
        params: wire.VersionPath,
        headers: wire.CallerHeaders,
        ...answers,
      },
    },
    async ({ params, headers }) =>
      changedAnswer(await keys.destroyVersion(callerOf(headers), params.key, params.version)),
  );

  http.get<{ Params: wire.KeyPath }>(
    "/v1/keys/:key/versions",
    {
      schema: { summary: "Versions with their public keys", params: wire.KeyPath, response: { 200: wire.PublicKeys } },
    },
    async ({ params }) => {
      const { id, purpose } = await directory.get(params.key);
      const versions = await Promise.all(
        (await store.versions(id)).map(async ({ version, suite, createdAt, destroyedAt }) => ({
          version,
          suite,
          publicKey: purpose === "mac" || destroyedAt !== null ? null : await signing.publicKey(id, version),
          createdAt: timeOf(createdAt)!,
          destroyedAt: timeOf(destroyedAt),
        })),
      );
      return { id, versions };
    },
  );

  http.get(
    "/v1/jwks",
    {
      schema: {
        summary: "Public keys of signatures that JOSE names (RFC 7517, RFC 9964)",
        response: { 200: wire.Jwks },
      },
    },
    () => signing.jwks(),
  );
}

const SUMMARIES = {
  enable: "Let a disabled key serve again",
  disable: "Let the key do nothing; every replica knows within a second",
  "cancel-destruction": "Keep the key after all; it is disabled then",
};

function specFrom({ seed, expanded, ...spec }: wire.KeyRequest): KeySpec {
  if (seed !== undefined && expanded !== undefined) {
    throw new MnoError("MNO_REQUEST_INVALID", "A key is brought as its seed or in expanded form, not both");
  }
  const material: KeyMaterial | undefined =
    seed !== undefined ? { seed: decode(seed) } : expanded !== undefined ? { expanded: decode(expanded) } : undefined;
  return { ...spec, ...(material && { material }) };
}

const decode = (base64: string): Buffer => Buffer.from(base64, "base64");
const changedAnswer = ({ key, decisionId }: { key: Key; decisionId: string }): wire.KeyAnswer =>
  keyAnswer(key, decisionId);

function keyAnswer({ createdAt, rotatedAt, destroyAt, ...key }: Key, decisionId?: string): wire.KeyAnswer {
  return {
    ...key,
    createdAt: timeOf(createdAt)!,
    rotatedAt: timeOf(rotatedAt)!,
    destroyAt: timeOf(destroyAt),
    ...(decisionId !== undefined && { decisionId }),
  };
}

function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
