import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { Server } from "@grpc/grpc-js";
import { addUnaryService, bindGrpc, stopGrpc, unaryMethod } from "../../../kernel/grpc/unary";
import {
  type DecryptRequest,
  type EncryptAnswer,
  type EncryptRequest,
  readDecryptRequest,
  readEncryptRequest,
  writeDecrypted,
  writeEncrypted,
  writeStatus,
} from "./messages";

/** Whose keys encrypt etcd. */
export interface KmsBackend {
  /** Id of the key that encrypts now. Rejects while nothing can be encrypted. */
  keyId(): Promise<string>;
  encrypt(request: EncryptRequest): Promise<EncryptAnswer>;
  decrypt(request: DecryptRequest): Promise<Uint8Array>;
}

/**
 * Kubernetes' KMS v2 plugin on a socket file that only this user opens, as the API server's EncryptionConfiguration names it
 * (`unix://<socket>`). A file that an earlier run left is replaced. Errors: MNO_PORT_IN_USE.
 * https://kubernetes.io/docs/tasks/administer-cluster/kms-provider/
 */
export async function serveKmsPlugin(backend: KmsBackend, socket: string): Promise<{ close: () => Promise<void> }> {
  const server = new Server();
  addUnaryService(server, "v2.KeyManagementService", {
    Status: unaryMethod({
      // Not undefined: gRPC would take it for no message at all.
      read: () => ({}),
      answer: () =>
        backend.keyId().then(
          (keyId) => writeStatus("ok", keyId),
          (error: unknown) => writeStatus(error instanceof Error ? error.message : String(error), ""),
        ),
    }),
    Encrypt: unaryMethod({
      read: readEncryptRequest,
      answer: async (request) => writeEncrypted(await backend.encrypt(request)),
    }),
    Decrypt: unaryMethod({
      read: readDecryptRequest,
      answer: async (request) => writeDecrypted(await backend.decrypt(request)),
    }),
  });
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  rmSync(socket, { force: true });
  await bindGrpc(server, `unix:${socket}`, "The Kubernetes KMS plugin");
  chmodSync(socket, 0o600);
  return {
    close: async () => {
      await stopGrpc(server);
      rmSync(socket, { force: true });
    },
  };
}
