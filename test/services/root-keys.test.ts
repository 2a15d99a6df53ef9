import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import * as pkcs11 from "pkcs11js";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { awsKmsRootKey } from "../../runtime/security/quantum-cryptography/root-keys/aws-kms";
import { pkcs11RootKey } from "../../runtime/security/quantum-cryptography/root-keys/pkcs11";
import type { RootKey } from "../../runtime/security/quantum-cryptography/root-keys/root-key";
import { eventually } from "../support/platform";

const SECRET = randomBytes(64);
const CONTEXT = randomBytes(32);

/** What any keeper of the root key has to do. */
function keeps(rootKey: () => RootKey): void {
  it("gives back what it wrapped, to the same context only", async () => {
    const wrapped = await rootKey().wrap(SECRET, CONTEXT);
    assert.ok(!Buffer.from(wrapped).includes(SECRET));
    assert.deepEqual(Buffer.from(await rootKey().unwrap(wrapped, CONTEXT)), SECRET);
    await assert.rejects(rootKey().unwrap(wrapped, randomBytes(32)), { code: "MNO_ROOT_KEY_INVALID" });
  });

  it("refuses what was changed, cut or never its own", async () => {
    const wrapped = Buffer.from(await rootKey().wrap(SECRET, CONTEXT));
    const changed = Buffer.from(wrapped);
    changed[changed.length - 1]! ^= 1;
    for (const bytes of [changed, wrapped.subarray(0, 20), randomBytes(wrapped.length)]) {
      await assert.rejects(rootKey().unwrap(bytes, CONTEXT), { code: "MNO_ROOT_KEY_INVALID" });
    }
    assert.deepEqual(Buffer.from(await rootKey().unwrap(wrapped, CONTEXT)), SECRET, "and goes on after refusals");
  });
}

describe("root key in AWS KMS (moto)", function () {
  this.timeout(60_000);
  const PORT = 45_931;
  const endpoint = `http://127.0.0.1:${String(PORT)}`;
  const variables = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const before_ = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  let server: ChildProcess;
  let client: KMSClient;
  let keyArn: string;
  let rootKey: RootKey;

  before(async () => {
    Object.assign(process.env, variables);
    const program = join(homedir(), ".cache/machine-native-ops/moto/bin/moto_server");
    assert.ok(existsSync(program), `${program} is missing: python3 -m venv there, and pip install moto[server,kms]`);
    server = spawn(program, ["-H", "127.0.0.1", "-p", String(PORT)], { stdio: "ignore" });
    client = new KMSClient({ region: "eu-north-1", endpoint });
    keyArn = await eventually("moto", 40, async () => {
      const { KeyMetadata } = await client.send(new CreateKeyCommand({})).catch(() => ({ KeyMetadata: undefined }));
      return KeyMetadata?.Arn;
    });
    rootKey = awsKmsRootKey({ keyArn, endpoint });
  });
  after(async () => {
    await rootKey.close?.();
    client.destroy();
    server.kill("SIGKILL");
    for (const [name, value] of Object.entries(before_)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  keeps(() => rootKey);

  it("says so where there is no such key, or the service is away", async () => {
    const absent = awsKmsRootKey({
      keyArn: keyArn.replace(/[^/]+$/, "00000000-0000-4000-8000-000000000000"),
      endpoint,
    });
    await assert.rejects(absent.wrap(SECRET, CONTEXT), { code: "MNO_ROOT_KEY_UNAVAILABLE", message: /NotFound/ });
    const nobody = awsKmsRootKey({ keyArn, endpoint: "http://127.0.0.1:9" });
    await assert.rejects(nobody.wrap(SECRET, CONTEXT), { code: "MNO_ROOT_KEY_UNAVAILABLE" });
  });

  it("takes a key's ARN only", () => {
    for (const wrong of ["alias/mno", "arn:aws:kms:eu-north-1:111122223333:alias/mno", ""]) {
      assert.throws(() => awsKmsRootKey({ keyArn: wrong }), { code: "MNO_CONFIG_INVALID" });
    }
  });
});

/** An AES-256 key "root" that never leaves the token, as an operator makes it with the vendor's tools. */
function generateKey(path: string): void {
  const module = new pkcs11.PKCS11();
  module.load(path);
  module.C_Initialize();
  const slot = module.C_GetSlotList(true).find((each) => module.C_GetTokenInfo(each).label.startsWith("mno"));
  const session = module.C_OpenSession(slot!, pkcs11.CKF_SERIAL_SESSION | pkcs11.CKF_RW_SESSION);
  module.C_Login(session, pkcs11.CKU_USER, "1234");
  module.C_GenerateKey(session, { mechanism: pkcs11.CKM_AES_KEY_GEN }, [
    { type: pkcs11.CKA_LABEL, value: "root" },
    { type: pkcs11.CKA_TOKEN, value: true },
    { type: pkcs11.CKA_VALUE_LEN, value: 32 },
    { type: pkcs11.CKA_ENCRYPT, value: true },
    { type: pkcs11.CKA_DECRYPT, value: true },
    { type: pkcs11.CKA_SENSITIVE, value: true },
    { type: pkcs11.CKA_EXTRACTABLE, value: false },
  ]);
  module.C_Finalize();
  module.close();
}

describe("root key in a hardware module (SoftHSM)", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-hsm-"));
  const MODULE = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"].find(
    existsSync,
  );
  const configured = process.env.SOFTHSM2_CONF;
  const pinFile = join(folder, "pin");
  const uri = (object = "root", pin = pinFile): string =>
    `pkcs11:token=mno;object=${object}?module-path=${MODULE ?? ""}&pin-source=file:${pin}`;
  let rootKey: RootKey;

  before(async () => {
    assert.ok(MODULE !== undefined, "SoftHSM is missing: apt-get install softhsm2");
    mkdirSync(join(folder, "tokens"));
    writeFileSync(join(folder, "softhsm2.conf"), `directories.tokendir = ${join(folder, "tokens")}\n`);
    process.env.SOFTHSM2_CONF = join(folder, "softhsm2.conf");
    writeFileSync(pinFile, "1234\n", { mode: 0o600 });
    const init = ["--init-token", "--free", "--label", "mno", "--so-pin", "5678", "--pin", "1234"];
    execFileSync("softhsm2-util", init, { stdio: "pipe" });
    generateKey(MODULE);
    rootKey = await pkcs11RootKey(uri());
  });
  after(async () => {
    await rootKey.close?.();
    if (configured === undefined) delete process.env.SOFTHSM2_CONF;
    else process.env.SOFTHSM2_CONF = configured;
    rmSync(folder, { recursive: true });
  });

  keeps(() => rootKey);

  it("opens its session anew after the module was closed", async () => {
    const wrapped = await rootKey.wrap(SECRET, CONTEXT);
    await rootKey.close?.();
    assert.deepEqual(Buffer.from(await rootKey.unwrap(wrapped, CONTEXT)), SECRET);
  });

  it("names the token, the key or the file that is not there, and never the PIN", async () => {
    await rootKey.close?.();
    await assert.rejects((await pkcs11RootKey(uri("absent"))).wrap(SECRET, CONTEXT), /no secret key labelled absent/);
    await assert.rejects(
      (await pkcs11RootKey(uri("root", join(folder, "absent")))).wrap(SECRET, CONTEXT),
      /PIN cannot be read/,
    );
    writeFileSync(join(folder, "wrong"), "999999");
    await assert.rejects(
      (await pkcs11RootKey(uri("root", join(folder, "wrong")))).wrap(SECRET, CONTEXT),
      (error: Error) => {
        assert.match(error.message, /CKR_PIN_INCORRECT/);
        return !error.message.includes("999999");
      },
    );
  });
});
