import { MnoError } from "../../../exports";
import { parseEnvelope, withWrappedKey } from "../../../kernel/crypto/envelope";
import { parseWrappedKey } from "../../../kernel/crypto/wrapped-key";
import type { KeyDirectory } from "../key-directory";
import type { EnvelopeService } from "../service";
import type { KmsBackend } from "./server";

/** Where the wrapped data key is: the API takes ciphertexts below 1 kB, and that of ML-KEM-768 alone has 1,088 bytes. */
const WRAPPED_KEY = "wrapped-key.kms.machine-native-ops";
const CALLER = "kubernetes-kms-plugin";
const CONTEXT = { purpose: "kubernetes-kms-v2" };

export interface BackendOptions {
  service: Pick<EnvelopeService, "encrypt" | "decrypt">;
  directory: Pick<KeyDirectory, "get">;
  /** Id or alias of the key, whose purpose is `encrypt`. */
  key: string;
}

/** The key service as what encrypts etcd. Its key's id and version are the key id: rotation has the API server encrypt anew. */
export function kmsBackend({ service, directory, key }: BackendOptions): KmsBackend {
  return {
    async keyId() {
      const { id, state, currentVersion } = await directory.get(key);
      if (state === "enabled") return keyIdOf(id, currentVersion);
      throw new MnoError("MNO_KEY_UNUSABLE", `The key ${key} is ${state.replace("-", " ")}`);
    },
    async encrypt({ plaintext }) {
      const { envelope, keyId, keyVersion } = await service.encrypt(CALLER, key, plaintext, CONTEXT);
      const { body, wrappedKey } = parseEnvelope(envelope);
      return {
        ciphertext: body,
        keyId: keyIdOf(keyId, keyVersion),
        annotations: new Map([[WRAPPED_KEY, wrappedKey]]),
      };
    },
    async decrypt({ ciphertext, keyId, annotations }) {
      const wrappedKey = annotations.get(WRAPPED_KEY);
      if (wrappedKey === undefined) {
        throw new MnoError(
          "MNO_ENVELOPE_INVALID",
          `The annotation ${WRAPPED_KEY} is missing: this was not encrypted here`,
        );
      }
      const header = parseWrappedKey(wrappedKey);
      const own = keyIdOf(header.kid, header.keyVersion);
      if (own !== keyId) {
        throw new MnoError("MNO_ENVELOPE_INVALID", `It is said to be under key ${keyId}, and is under ${own}`);
      }
      const envelope = withWrappedKey({ cipher: "A256GCM", wrappedKey, header, body: ciphertext }, wrappedKey);
      return (await service.decrypt(CALLER, envelope, CONTEXT)).plaintext;
    },
  };
}

const keyIdOf = (id: string, version: number): string => `${id}/${String(version)}`;
