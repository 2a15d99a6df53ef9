import { MnoError } from "../../exports";
import { wipe } from "../../kernel/crypto/bytes";
import type * as wire from "./schemas";
import type { EnvelopeService } from "./service";
import type { SigningService } from "./signing";

export interface OperationRouteOptions {
  envelopes: EnvelopeService;
  signing: SigningService;
}

export const decode = (base64: string): Buffer => Buffer.from(base64, "base64");
export const encode = (bytes: Buffer): string => bytes.toString("base64");

type ItemOf<Operation extends wire.BatchItem["operation"]> = Omit<
  Extract<wire.BatchItem, { operation: Operation }>,
  "operation"
>;
type Operations = {
  [Operation in wire.BatchItem["operation"]]: (
    caller: string,
    item: ItemOf<Operation>,
  ) => Promise<wire.OperationAnswer>;
};

/** The operations that are routes of their own and items of batches alike. */
export function operationsOf({ envelopes, signing }: OperationRouteOptions): Operations {
  return {
    "generate-data-key": async (caller, { key, context = {}, register = false, withoutPlaintext = false }) => {
      const { plaintext, wrappedKey, ...rest } = await envelopes.generateDataKey(caller, key, context, register);
      const clear = encoded(plaintext);
      return { ...rest, wrappedKey: encode(wrappedKey), ...(!withoutPlaintext && { plaintext: clear }) };
    },
    encrypt: async (caller, { key, plaintext, context = {} }) => {
      const data = decode(plaintext);
      const { envelope, ...rest } = await envelopes.encrypt(caller, key, data, context).finally(() => wipe(data));
      return { ...rest, ciphertext: encode(envelope) };
    },
    decrypt: async (caller, { ciphertext, context = {} }) => {
      const bytes = decode(ciphertext);
      const isKey = bytes.subarray(0, 4).toString("latin1") === "MNOK";
      const { plaintext, ...rest } = await (isKey
        ? envelopes.decryptDataKey(caller, bytes, context)
        : envelopes.decrypt(caller, bytes, context));
      return { ...rest, plaintext: encoded(plaintext) };
    },
    rewrap: async (caller, { ciphertext, context = {}, key }) => {
      const { rewrapped, ...rest } = await envelopes.rewrap(caller, decode(ciphertext), context, key);
      return { ...rest, ciphertext: encode(rewrapped) };
    },
    sign: async (caller, { key, message, context, format = "raw" }) => {
      if (format === "jws") {
        if (context !== undefined)
          throw new MnoError("MNO_REQUEST_INVALID", "A JWS has no context of its own; put it into the payload");
        return signing.signJws(caller, key, decode(message));
      }
      const { signature, ...rest } = await signing.sign(
        caller,
        key,
        decode(message),
        context === undefined ? undefined : decode(context),
      );
      return { ...rest, signature: encode(signature) };
    },
    verify: (caller, { key, message, signature, context, version }) =>
      signing.verify(caller, key, decode(message), decode(signature), {
        version,
        context: context === undefined ? undefined : decode(context),
      }),
  };
}

/** The text of a secret, whose bytes are wiped; the text itself is out of reach until it is collected. */
export function encoded(secret: Buffer): string {
  const text = secret.toString("base64");
  wipe(secret);
  return text;
}
