import { createHash, createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { MnoError } from "../../exports";

export interface Signature {
  algorithm: string;
  /** Fingerprint of the public key: SHA-256 of its DER form. */
  keyId: string;
  /** PEM. Whoever checks must know from elsewhere that it is the signer's. */
  publicKey: string;
  /** Of the report's bytes (UTF-8), in base64. */
  value: string;
}

/** What signs closed reports; where there is none a report says that it is unsigned. */
export interface ReportSigner {
  sign(text: string): Promise<Signature>;
}

/** What proves a closed report. */
export interface Sealed {
  reportId: string;
  revision: number;
  sha256: string;
  signature: Signature | null;
}

/**
 * Ed25519 (RFC 8032) with a private key from a PEM file (PKCS #8).
 * Errors: MNO_CONFIG_INVALID where the file cannot be read or holds another kind of key.
 */
export function ed25519Signer(path: string): ReportSigner {
  const key = (() => {
    try {
      return createPrivateKey(readFileSync(path));
    } catch (error) {
      const { syscall, code } = error as NodeJS.ErrnoException;
      // The parser's message may quote the file.
      const why =
        syscall === undefined
          ? "holds no private key in PEM"
          : code === "ENOENT"
            ? "is not there"
            : `cannot be read (${String(code)})`;
      throw new MnoError("MNO_CONFIG_INVALID", `MNO_SR_SIGNING_KEY_FILE ${path} ${why}`);
    }
  })();
  if (key.asymmetricKeyType !== "ed25519") {
    const kind = key.asymmetricKeyType ?? "unknown";
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      `MNO_SR_SIGNING_KEY_FILE ${path} holds a key of type ${kind}, not ed25519`,
    );
  }
  const publicKey = createPublicKey(key);
  const keyId = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString();
  return {
    sign: async (text) => ({
      algorithm: "Ed25519",
      keyId,
      publicKey: pem,
      value: sign(null, Buffer.from(text, "utf8"), key).toString("base64"),
    }),
  };
}

/** Whether the signature is of this text by the key that it names. */
export const isSignedBy = (text: string, signature: Signature): boolean =>
  verify(null, Buffer.from(text, "utf8"), createPublicKey(signature.publicKey), Buffer.from(signature.value, "base64"));
