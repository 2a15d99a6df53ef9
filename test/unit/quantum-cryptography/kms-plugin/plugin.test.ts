import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, loadPackageDefinition, type ServiceError, status } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import fc from "fast-check";
import { MnoError } from "../../../../runtime/exports";
import {
  readDecryptRequest,
  readEncryptRequest,
} from "../../../../runtime/security/quantum-cryptography/kms-plugin/messages";
import { type KmsBackend, serveKmsPlugin } from "../../../../runtime/security/quantum-cryptography/kms-plugin/server";

/** As k8s.io/kms/apis/v2/api.proto has it: a client of gRPC's own loader shares no code with the plugin. */
const PROTO = `syntax = "proto3"; package v2;
service KeyManagementService {
  rpc Status(StatusRequest) returns (StatusResponse) {}
  rpc Decrypt(DecryptRequest) returns (DecryptResponse) {}
  rpc Encrypt(EncryptRequest) returns (EncryptResponse) {}
}
message StatusRequest {}
message StatusResponse { string version = 1; string healthz = 2; string key_id = 3; }
message DecryptRequest { bytes ciphertext = 1; string uid = 2; string key_id = 3; map<string, bytes> annotations = 4; }
message DecryptResponse { bytes plaintext = 1; }
message EncryptRequest { bytes plaintext = 1; string uid = 2; }
message EncryptResponse { bytes ciphertext = 1; string key_id = 2; map<string, bytes> annotations = 3; }
`;

interface Client {
  close(): void;
  [method: string]: (request: object, callback: (error: ServiceError | null, answer: unknown) => void) => void;
}

describe("Kubernetes' KMS v2 plugin", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-kms-plugin-"));
  const socket = join(folder, "sub", "kms.sock");
  let broken: Error | undefined;
  const backend: KmsBackend = {
    keyId: async () => {
      if (broken) throw broken;
      return "key_1/3";
    },
    encrypt: async ({ plaintext }) => ({
      ciphertext: Buffer.from(plaintext).reverse(),
      keyId: "key_1/3",
      annotations: new Map([["wrapped-key.kms.example", Buffer.from([1, 2, 3])]]),
    }),
    decrypt: async ({ ciphertext, keyId, annotations }) => {
      if (keyId !== "key_1/3") throw new MnoError("MNO_KEY_NOT_FOUND", `There is no key ${keyId}`);
      assert.deepEqual([...(annotations.get("wrapped-key.kms.example") ?? [])], [1, 2, 3]);
      return Buffer.from(ciphertext).reverse();
    },
  };
  let plugin: Awaited<ReturnType<typeof serveKmsPlugin>>;
  let client: Client;

  const call = (method: string, request: object): Promise<Record<string, never>> =>
    new Promise((resolve, reject) => {
      client[method]!(request, (error, answer) => (error ? reject(error) : resolve(answer as Record<string, never>)));
    });

  before(async () => {
    writeFileSync(join(folder, "api.proto"), PROTO);
    plugin = await serveKmsPlugin(backend, socket);
    const { v2 } = loadPackageDefinition(
      loadSync(join(folder, "api.proto"), { keepCase: true, defaults: true }),
    ) as never as {
      v2: { KeyManagementService: new (address: string, how: object) => Client };
    };
    client = new v2.KeyManagementService(`unix:${socket}`, credentials.createInsecure());
  });
  after(async () => {
    client.close();
    await plugin.close();
    rmSync(folder, { recursive: true });
  });

  it("answers on a socket that this user alone opens", () => {
    assert.equal(statSync(socket).mode & 0o777, 0o600);
  });

  it("tells its version and key, and what is wrong", async () => {
    assert.deepEqual(await call("Status", {}), { version: "v2", healthz: "ok", key_id: "key_1/3" });
    broken = new Error("the root key does not answer");
    assert.deepEqual(await call("Status", {}), { version: "v2", healthz: "the root key does not answer", key_id: "" });
    broken = undefined;
  });

  it("gives back what it encrypted, with what is kept beside it", async () => {
    const plaintext = Buffer.from("data encryption key");
    const { ciphertext, key_id, annotations } = await call("Encrypt", { plaintext, uid: "u1" });
    const request = { ciphertext, key_id, annotations, uid: "u2" };
    assert.deepEqual((await call("Decrypt", request)).plaintext, plaintext);
    await assert.rejects(call("Decrypt", { ...request, key_id: "key_9/1" }), (error: ServiceError) => {
      assert.equal(error.code, status.NOT_FOUND);
      return /MNO_KEY_NOT_FOUND/.test(error.details);
    });
  });

  it("takes the place of a socket that a run before has left", async () => {
    const left = join(folder, "left.sock");
    writeFileSync(left, "");
    const another = await serveKmsPlugin(backend, left);
    await another.close();
  });

  it("reads or refuses whatever bytes it is sent", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const read of [readEncryptRequest, readDecryptRequest]) {
          try {
            assert.equal(typeof read(bytes).uid, "string");
          } catch (error) {
            assert.ok(error instanceof Error && !(error instanceof assert.AssertionError));
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});
