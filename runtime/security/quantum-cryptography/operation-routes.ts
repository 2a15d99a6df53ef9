import type { FastifyInstance } from "fastify";
import { MnoError } from "../../exports";
import { decode, encode, encoded, type OperationRouteOptions, operationsOf } from "./operations";
import { EnvelopeAnswer } from "./report-schemas";
import * as wire from "./schemas";

const BODY_LIMIT = 2 * wire.LARGEST_DATA;
const BATCH_BODY_LIMIT = 8 * wire.LARGEST_DATA;
const callerOf = (headers: wire.CallerHeaders): string => headers["mno-caller"] ?? "";

/** What keys are used for. */
export function installOperationRoutes(http: FastifyInstance, options: OperationRouteOptions): void {
  const operations = operationsOf(options);
  const { envelopes, signing } = options;
  const common = { headers: wire.CallerHeaders, response: { 200: wire.OperationAnswer } };

  http.post<{ Params: wire.KeyPath; Body: wire.DataKeyRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/generate-data-key",
    {
      schema: {
        summary: "A data key, in the clear and wrapped, to encrypt with where the data is",
        params: wire.KeyPath,
        body: wire.DataKeyRequest,
        ...common,
      },
    },
    ({ params, body, headers }) => operations["generate-data-key"](callerOf(headers), { key: params.key, ...body }),
  );
  http.post<{ Params: wire.KeyPath; Body: wire.EncryptRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/encrypt",
    {
      bodyLimit: BODY_LIMIT,
      schema: { summary: "An envelope of the data", params: wire.KeyPath, body: wire.EncryptRequest, ...common },
    },
    ({ params, body, headers }) => operations.encrypt(callerOf(headers), { key: params.key, ...body }),
  );
  http.post<{ Body: wire.DecryptRequest; Headers: wire.CallerHeaders }>(
    "/v1/decrypt",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: "The data of an envelope, or the data key of a wrapped one",
        body: wire.DecryptRequest,
        ...common,
      },
    },
    ({ body, headers }) => operations.decrypt(callerOf(headers), body),
  );
  http.post<{ Body: wire.RewrapRequest; Headers: wire.CallerHeaders }>(
    "/v1/rewrap",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: "The same under the key's current version, or under another key",
        body: wire.RewrapRequest,
        ...common,
      },
    },
    ({ body, headers }) => operations.rewrap(callerOf(headers), body),
  );
  http.post<{ Params: wire.KeyPath; Body: wire.SignRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/sign",
    {
      bodyLimit: BODY_LIMIT,
      schema: { summary: "A signature, raw or as JWS", params: wire.KeyPath, body: wire.SignRequest, ...common },
    },
    ({ params, body, headers }) => operations.sign(callerOf(headers), { key: params.key, ...body }),
  );
  http.post<{ Params: wire.KeyPath; Body: wire.VerifyRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/verify",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: "Whether a version of the key signed the message",
        params: wire.KeyPath,
        body: wire.VerifyRequest,
        ...common,
      },
    },
    ({ params, body, headers }) => operations.verify(callerOf(headers), { key: params.key, ...body }),
  );
  http.post<{ Params: wire.KeyPath; Body: wire.MacRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/mac",
    {
      bodyLimit: BODY_LIMIT,
      schema: { summary: "A tag of the message", params: wire.KeyPath, body: wire.MacRequest, ...common },
    },
    async ({ params, body, headers }) => {
      const { tag, ...rest } = await signing.mac(callerOf(headers), params.key, decode(body.message));
      return { ...rest, tag: encode(tag) };
    },
  );
  http.post<{ Params: wire.KeyPath; Body: wire.VerifyMacRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/verify-mac",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: "Whether the tag is the message's",
        params: wire.KeyPath,
        body: wire.VerifyMacRequest,
        ...common,
      },
    },
    ({ params, body, headers }) =>
      signing.verifyMac(callerOf(headers), params.key, decode(body.message), decode(body.tag), body.version),
  );
  http.post<{ Params: wire.KeyPath; Body: wire.EncryptRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/seal",
    {
      bodyLimit: BODY_LIMIT,
      schema: {
        summary: "The data for the key's holder, by HPKE",
        params: wire.KeyPath,
        body: wire.EncryptRequest,
        ...common,
      },
    },
    async ({ params, body, headers }) => {
      const { sealed, ...rest } = await signing.seal(
        callerOf(headers),
        params.key,
        decode(body.plaintext),
        body.context ?? {},
      );
      return { ...rest, sealed: encode(sealed) };
    },
  );
  http.post<{ Params: wire.KeyPath; Body: wire.OpenRequest; Headers: wire.CallerHeaders }>(
    "/v1/keys/:key/open",
    {
      bodyLimit: BODY_LIMIT,
      schema: { summary: "What was sealed to the key", params: wire.KeyPath, body: wire.OpenRequest, ...common },
    },
    async ({ params, body, headers }) => {
      const { plaintext, ...rest } = await signing.open(
        callerOf(headers),
        params.key,
        decode(body.sealed),
        body.context ?? {},
        body.version,
      );
      return { ...rest, plaintext: encode(plaintext) };
    },
  );

  http.post<{ Body: wire.BatchRequest; Headers: wire.CallerHeaders }>(
    "/v1/batch",
    {
      bodyLimit: BATCH_BODY_LIMIT,
      schema: {
        summary: "Many operations, each answered for itself",
        headers: wire.CallerHeaders,
        body: wire.BatchRequest,
        response: { 200: wire.BatchAnswer },
      },
    },
    async ({ body, headers }) => ({
      results: await Promise.all(
        body.operations.map((item) => answered(() => operations[item.operation](callerOf(headers), item as never))),
      ),
    }),
  );

  http.post<{ Body: wire.RegisterRequest; Headers: wire.CallerHeaders }>(
    "/v1/envelopes",
    {
      schema: {
        summary: "Register a wrapped data key, to have it wrapped anew at rotations",
        headers: wire.CallerHeaders,
        body: wire.RegisterRequest,
        response: { 201: wire.OperationAnswer },
      },
    },
    async ({ body, headers }, reply) => {
      void reply.code(201);
      return envelopes.registerEnvelope(callerOf(headers), decode(body.wrappedKey), body.context ?? {});
    },
  );
  http.get<{ Params: wire.IdPath }>(
    "/v1/envelopes/:id",
    {
      schema: {
        summary: "A registered wrapped key as it is now",
        params: wire.IdPath,
        response: { 200: EnvelopeAnswer },
      },
    },
    async ({ params }) => {
      const { wrappedKey, ...rest } = await envelopes.registered(params.id);
      return { ...rest, wrappedKey: Buffer.from(wrappedKey).toString("base64") };
    },
  );
  http.post<{ Params: wire.IdPath; Headers: wire.CallerHeaders }>(
    "/v1/envelopes/:id/decrypt",
    { schema: { summary: "The data key of a registered one", params: wire.IdPath, ...common } },
    async ({ params, headers }) => {
      const { plaintext, ...rest } = await envelopes.openRegistered(callerOf(headers), params.id);
      return { ...rest, plaintext: encoded(plaintext) };
    },
  );
  http.delete<{ Params: wire.IdPath; Headers: wire.CallerHeaders }>(
    "/v1/envelopes/:id",
    {
      schema: { summary: "Forget a registered one: its version may be destroyed then", params: wire.IdPath, ...common },
    },
    ({ params, headers }) => envelopes.forgetRegistered(callerOf(headers), params.id),
  );
}

async function answered(work: () => Promise<wire.OperationAnswer>): Promise<object> {
  try {
    return { result: await work() };
  } catch (error) {
    if (!(error instanceof MnoError)) throw error;
    const { decisionId } = error.extensions as { decisionId?: string };
    return { error: { code: error.code, detail: error.message, ...(decisionId !== undefined && { decisionId }) } };
  }
}
