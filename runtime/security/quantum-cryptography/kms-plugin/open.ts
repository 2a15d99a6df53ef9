import type { Kms } from "../kms";
import { kmsBackend } from "./backend";
import { serveKmsPlugin } from "./server";

/** Alias of the key that encrypts etcd. */
const ALIAS = "kubernetes-etcd";
const CALLER = "kubernetes-kms-plugin";

/**
 * Makes the key, where there is none yet, and serves the plugin. What encrypts etcd is wrapped by one encapsulation each, for the
 * API server asks for few. Errors: MNO_PORT_IN_USE, MNO_CRYPTO_POLICY_REFUSED.
 */
export async function openKmsPlugin(
  kms: Pick<Kms, "keys" | "envelopes" | "directory" | "stores">,
  socket: string,
): Promise<{ close: () => Promise<void> }> {
  if ((await kms.stores.keys.find(ALIAS)) === undefined) {
    await kms.keys.create(CALLER, { purpose: "encrypt", alias: ALIAS });
  }
  return serveKmsPlugin(kmsBackend({ service: kms.envelopes, directory: kms.directory, key: ALIAS }), socket);
}
