import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Handle, PKCS11 } from "pkcs11js";
import { MnoError } from "../../../exports";
import { parsePkcs11Uri, type Pkcs11Uri } from "./pkcs11-uri";
import type { RootKey } from "./root-key";

type Library = typeof import("pkcs11js");

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * An AES-256 key in a hardware module, found by PKCS#11 URI (RFC 7512); it wraps by AES-GCM inside the module, with nonces of
 * ours: 2^32 wraps are the most that SP 800-38D allows a key with random ones. Errors: MNO_CONFIG_INVALID.
 */
export async function pkcs11RootKey(uri: string): Promise<RootKey> {
  const at = parsePkcs11Uri(uri);
  const library = await loadLibrary();
  let session: Session | undefined;
  /** A module that was restarted forgets its sessions: one that fails is opened anew, once. */
  const inSession = <T>(work: (session: Session) => T): T => {
    try {
      return work((session ??= new Session(library, at)));
    } catch (error) {
      if (error instanceof MnoError || isRefusal(error)) throw error;
      session?.close();
      session = new Session(library, at);
      return work(session);
    }
  };
  const guarded = async (verb: "wrap" | "unwrap", work: (session: Session) => Buffer): Promise<Uint8Array> => {
    try {
      return inSession(work);
    } catch (error) {
      if (error instanceof MnoError) throw error;
      const refused = verb === "unwrap" && isRefusal(error);
      throw new MnoError(
        refused ? "MNO_ROOT_KEY_INVALID" : "MNO_ROOT_KEY_UNAVAILABLE",
        `PKCS#11 key ${at.object} of token ${at.token}: ${(error as Error).message}`,
        { cause: error },
      );
    }
  };
  return {
    id: `pkcs11:token=${encodeURIComponent(at.token)};object=${encodeURIComponent(at.object)}`,
    wrap: (plaintext, context) =>
      guarded("wrap", (open) => {
        const nonce = randomBytes(NONCE_BYTES);
        return Buffer.concat([nonce, open.encrypt(nonce, Buffer.from(plaintext), Buffer.from(context))]);
      }),
    unwrap: async (wrapped, context) => {
      if (wrapped.length < NONCE_BYTES + TAG_BYTES) {
        throw new MnoError("MNO_ROOT_KEY_INVALID", `PKCS#11 key ${at.object}: the wrapped key is cut short`);
      }
      const bytes = Buffer.from(wrapped);
      const [nonce, rest] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(NONCE_BYTES)];
      return await guarded("unwrap", (open) => open.decrypt(nonce, rest, Buffer.from(context)));
    },
    close: async () => session?.close(),
  };
}

/** Bytes, key or context are wrong: another session would say the same. SoftHSM and others say it in either of these ways. */
function isRefusal(error: unknown): boolean {
  return /CKR_(ENCRYPTED_DATA_INVALID|ENCRYPTED_DATA_LEN_RANGE|AEAD_DECRYPT_FAILED|GENERAL_ERROR)/.test(
    (error as Error).message,
  );
}

/** The module's native part is compiled where it is installed, and is missing where there was no compiler. */
async function loadLibrary(): Promise<Library> {
  try {
    return (await import("pkcs11js")).default;
  } catch (error) {
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      "A root key in a hardware module needs the optional package pkcs11js with its native part: npm rebuild pkcs11js",
      { cause: error },
    );
  }
}

/** A logged-in session and the key in it. */
class Session {
  private readonly module: PKCS11;
  private readonly session: Handle;
  private readonly key: Handle;

  constructor(
    private readonly library: Library,
    at: Pkcs11Uri,
  ) {
    const { PKCS11, CKF_SERIAL_SESSION, CKU_USER } = library;
    this.module = new PKCS11();
    this.module.load(at.modulePath);
    try {
      this.module.C_Initialize();
      const slot = this.module
        .C_GetSlotList(true)
        .find((each) => this.module.C_GetTokenInfo(each).label.replace(/[\0 ]+$/, "") === at.token);
      if (!slot) throw unavailable(`no token of ${at.modulePath} is labelled ${at.token}`);
      this.session = this.module.C_OpenSession(slot, CKF_SERIAL_SESSION);
      this.module.C_Login(this.session, CKU_USER, readPin(at.pinFile));
      this.key = this.findKey(at);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  encrypt(nonce: Buffer, plaintext: Buffer, context: Buffer): Buffer {
    this.module.C_EncryptInit(this.session, this.mechanism(nonce, context), this.key);
    return this.module.C_Encrypt(this.session, plaintext, Buffer.alloc(plaintext.length + TAG_BYTES));
  }

  decrypt(nonce: Buffer, ciphertext: Buffer, context: Buffer): Buffer {
    this.module.C_DecryptInit(this.session, this.mechanism(nonce, context), this.key);
    return this.module.C_Decrypt(this.session, ciphertext, Buffer.alloc(ciphertext.length));
  }

  close(): void {
    try {
      this.module.C_Finalize();
    } catch {
      // It was not initialised, or is gone: there is nothing left to end.
    }
    this.module.close();
  }

  private mechanism(iv: Buffer, aad: Buffer) {
    const { CKM_AES_GCM, CK_PARAMS_AES_GCM } = this.library;
    const parameter = { type: CK_PARAMS_AES_GCM, iv, aad, ivBits: NONCE_BYTES * 8, tagBits: TAG_BYTES * 8 };
    return { mechanism: CKM_AES_GCM, parameter };
  }

  private findKey({ object, token }: Pkcs11Uri): Handle {
    const { CKA_CLASS, CKA_LABEL, CKO_SECRET_KEY } = this.library;
    this.module.C_FindObjectsInit(this.session, [
      { type: CKA_CLASS, value: CKO_SECRET_KEY },
      { type: CKA_LABEL, value: object },
    ]);
    const found = this.module.C_FindObjects(this.session, 2);
    this.module.C_FindObjectsFinal(this.session);
    const [key, another] = found;
    if (key && !another) return key;
    throw unavailable(`token ${token} has ${key ? "more than one" : "no"} secret key labelled ${object}`);
  }
}

function readPin(path: string): string {
  try {
    return readFileSync(path, "utf8").split(/\r?\n/, 1)[0] ?? "";
  } catch (error) {
    throw unavailable(`the PIN cannot be read: ${(error as Error).message}`);
  }
}

function unavailable(why: string): MnoError {
  return new MnoError("MNO_ROOT_KEY_UNAVAILABLE", `PKCS#11: ${why}`);
}
