import { GoogleAuth } from "google-auth-library";
import { request } from "undici";
import { MnoError } from "../../../exports";
import { crc32c } from "./crc32c";
import type { RootKey } from "./root-key";

export interface GcpKmsOptions {
  /** `projects/P/locations/L/keyRings/R/cryptoKeys/K`, a symmetric key. */
  keyName: string;
  /** Base URL in place of Google's own, as Private Service Connect has one. */
  endpoint?: string;
  /** Where access tokens come from. Default: application default credentials (workload identity first). */
  accessToken?: () => Promise<string | null | undefined>;
}

const NAME = /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/;
const ANSWER_MILLISECONDS = 10_000;

interface Answer {
  ciphertext?: string;
  ciphertextCrc32c?: string;
  plaintext?: string;
  plaintextCrc32c?: string;
  verifiedPlaintextCrc32c?: boolean;
  error?: { status?: string };
}

/** A key of Google Cloud KMS, over its REST API, with the checksums by which it tells damage on the way. */
export function gcpKmsRootKey(options: GcpKmsOptions): RootKey {
  const { keyName, endpoint = "https://cloudkms.googleapis.com" } = options;
  if (!NAME.test(keyName)) {
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      `${keyName} must be like projects/P/locations/L/keyRings/R/cryptoKeys/K, without a version`,
    );
  }
  const auth = new GoogleAuth({ scopes: "https://www.googleapis.com/auth/cloudkms" });
  const accessToken = options.accessToken ?? (() => auth.getAccessToken());
  const unavailable = (why: string, cause?: unknown): never => {
    throw new MnoError("MNO_ROOT_KEY_UNAVAILABLE", `Google Cloud KMS key ${keyName}: ${why}`, { cause });
  };
  const ask = async (verb: "encrypt" | "decrypt", body: object): Promise<Answer> => {
    const token = await accessToken().catch((error: unknown) => unavailable("there are no credentials", error));
    const { statusCode, body: answer } = await request(`${endpoint.replace(/\/+$/, "")}/v1/${keyName}:${verb}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token ?? ""}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    }).catch((error: unknown) => unavailable("it does not answer", error));
    const known = (await answer.json().catch(() => ({}))) as Answer;
    if (statusCode === 200) return known;
    if (statusCode === 400 && verb === "decrypt") {
      throw new MnoError("MNO_ROOT_KEY_INVALID", `Google Cloud KMS key ${keyName}: ${known.error?.status ?? "400"}`);
    }
    return unavailable(known.error?.status ?? String(statusCode));
  };
  const checked = (text: string | undefined, sum: string | undefined): Uint8Array => {
    const bytes = Buffer.from(text ?? "", "base64");
    if (text === undefined || sum !== String(crc32c(bytes))) return unavailable("the answer was damaged on its way");
    return bytes;
  };
  return {
    id: keyName,
    async wrap(plaintext, context) {
      const { ciphertext, ciphertextCrc32c, verifiedPlaintextCrc32c } = await ask("encrypt", {
        plaintext: base64(plaintext),
        plaintextCrc32c: String(crc32c(plaintext)),
        additionalAuthenticatedData: base64(context),
        additionalAuthenticatedDataCrc32c: String(crc32c(context)),
      });
      if (verifiedPlaintextCrc32c !== true) unavailable("the request was damaged on its way");
      return checked(ciphertext, ciphertextCrc32c);
    },
    async unwrap(wrapped, context) {
      const { plaintext, plaintextCrc32c } = await ask("decrypt", {
        ciphertext: base64(wrapped),
        ciphertextCrc32c: String(crc32c(wrapped)),
        additionalAuthenticatedData: base64(context),
        additionalAuthenticatedDataCrc32c: String(crc32c(context)),
      });
      return checked(plaintext, plaintextCrc32c);
    },
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
