import { Aes256Gcm, CipherSuite, HkdfSha256 } from "@hpke/core";
import { MnoError } from "../../exports";
import { kemOf } from "./crypto";
import { openFailed } from "./faults";
import type { DecapsulationKey, EncapsulationKey, Kem } from "./provider";

/** KEM numbers of HPKE: the X-Wing draft, 5.8, and draft-ietf-hpke-pq. */
const KEM_IDS: Record<string, number> = { "X-Wing": 0x647a, "ML-KEM-768": 0x0041, "ML-KEM-1024": 0x0042 };

/** HPKE (RFC 9180, base mode) to one recipient, with HKDF-SHA-256 and AES-256-GCM over our KEMs. */
export class Hpke {
  private readonly suite: CipherSuite;
  private readonly kem: Kem;

  /** Errors: MNO_CRYPTO_UNSUPPORTED. */
  constructor(kemSuite: string) {
    const id = KEM_IDS[kemSuite];
    if (id === undefined) {
      throw new MnoError("MNO_CRYPTO_UNSUPPORTED", `HPKE has no number for the KEM "${kemSuite}" here`);
    }
    this.kem = kemOf(kemSuite);
    this.suite = new CipherSuite({ kem: adapter(this.kem, id), kdf: new HkdfSha256(), aead: new Aes256Gcm() });
  }

  /** The encapsulated key, then the ciphertext. `info` and `associated` have to be the same to open it. */
  async seal(publicKey: Uint8Array, plaintext: Uint8Array, info: Uint8Array, associated: Uint8Array): Promise<Buffer> {
    const recipientPublicKey = handle("public", this.kem.encapsulationKey(publicKey));
    const { enc, ct } = await this.suite.seal(
      { recipientPublicKey, info: arrayOf(info) },
      arrayOf(plaintext),
      arrayOf(associated),
    );
    return Buffer.concat([Buffer.from(enc), Buffer.from(ct)]);
  }

  /** Errors: MNO_CRYPTO_OPEN_FAILED. */
  async open(key: DecapsulationKey, sealed: Uint8Array, info: Uint8Array, associated: Uint8Array): Promise<Buffer> {
    const size = this.kem.sizes.ciphertext;
    if (sealed.length < size) throw openFailed();
    try {
      const params = {
        recipientKey: handle("private", key),
        enc: arrayOf(sealed.subarray(0, size)),
        info: arrayOf(info),
      };
      return Buffer.from(await this.suite.open(params, arrayOf(sealed.subarray(size)), arrayOf(associated)));
    } catch {
      throw openFailed();
    }
  }
}

type HpkeKem = CipherSuite["kem"];
/** The library passes keys through without looking inside: a key of ours in the shape of a CryptoKey. */
interface Handle<Key> {
  type: "public" | "private";
  extractable: boolean;
  algorithm: { name: string };
  usages: [];
  held: Key;
}

const handle = <Key>(type: Handle<Key>["type"], held: Key): never =>
  ({ type, extractable: true, algorithm: { name: "KEM" }, usages: [], held }) satisfies Handle<Key> as never;
const heldBy = <Key>(key: unknown): Key => (key as Handle<Key>).held;

function arrayOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}

/** Keys reach the library as handles, so what imports and exports them there is never called. */
function adapter(kem: Kem, id: number): HpkeKem {
  const never = async (): Promise<never> => {
    throw new MnoError("MNO_CRYPTO_UNSUPPORTED", "Keys are imported by the KEM itself");
  };
  return {
    id: id as HpkeKem["id"],
    secretSize: 32,
    encSize: kem.sizes.ciphertext,
    publicKeySize: kem.sizes.publicKey,
    privateKeySize: kem.sizes.seed,
    serializePublicKey: never,
    deserializePublicKey: never,
    serializePrivateKey: never,
    deserializePrivateKey: never,
    importKey: never,
    generateKeyPair: never,
    deriveKeyPair: never,
    encap: async ({ recipientPublicKey }) => {
      const { ciphertext, sharedSecret } = heldBy<EncapsulationKey>(recipientPublicKey).encapsulate();
      return { enc: arrayOf(ciphertext), sharedSecret: arrayOf(sharedSecret) };
    },
    decap: async ({ recipientKey, enc }) => {
      const ciphertext = Buffer.from(enc as ArrayBuffer);
      return arrayOf(heldBy<DecapsulationKey>(recipientKey).decapsulate(ciphertext));
    },
  };
}
