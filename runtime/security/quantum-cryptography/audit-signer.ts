import { MnoError } from "../../exports";
import { signatureOf } from "../../kernel/crypto/crypto";
import type { BatchSigner } from "./audit-batches";
import type { Keys } from "./keys";
import { ITSELF } from "./keys";
import type { KeyStore } from "./key-store";
import type { Vault } from "./vault";

/** The key that signs audit batches; no caller of the API has a grant for it. */
const ALIAS = "mno/audit";
const SUITE = "ML-DSA-65";
const ROTATION_DAYS = 90;

/** Makes the key where there is none yet; of two replicas that try, one finds the other's. */
export async function auditSigner(keys: Keys, store: KeyStore, vault: Vault): Promise<BatchSigner> {
  if ((await store.find(ALIAS)) === undefined) {
    const grants = [{ caller: ITSELF, operations: ["sign" as const] }];
    await keys
      .create(ITSELF, { purpose: "sign", suite: SUITE, alias: ALIAS, rotationDays: ROTATION_DAYS, grants })
      .catch(async (error: unknown) => {
        if ((await store.find(ALIAS)) === undefined) throw error;
      });
  }
  return {
    sign: async (message) => {
      const key = (await store.find(ALIAS))!;
      const signature = await vault.use(key.id, key.currentVersion, ({ signing }) => signing!.signLater(message));
      return { signature, keyId: key.id, keyVersion: key.currentVersion };
    },
    verify: async (message, signature, keyId, keyVersion) => {
      const key = await store.find(ALIAS);
      // Another key's signature is none: whoever can write to the database could have made one.
      if (key === undefined || key.id !== keyId) return false;
      try {
        const publicKey = await vault.publicKey(keyId, keyVersion);
        return signatureOf(SUITE).verifyingKey(publicKey).verify(message, signature);
      } catch (error) {
        if (error instanceof MnoError) return false;
        throw error;
      }
    },
  };
}
