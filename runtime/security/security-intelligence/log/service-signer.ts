import { request } from "undici";
import { MnoError } from "../../../exports";
import type { Sibling } from "../../../kernel/http/sibling";
import type { FileSigner, Signer } from "./signer";

const ANSWER_MILLISECONDS = 10_000;
const KEY_ID = /^qc:([A-Za-z0-9._-]+):(\d+)$/;

interface Answer {
  keyId: string;
  keyVersion?: number;
  signature?: string;
  valid?: boolean;
}

/**
 * Signs with a key of the quantum cryptography service, which alone has it; what an own key file signed before goes on to be
 * verified by that. Throws MNO_TARGET_UNREACHABLE while the service does not answer: a signature that nobody could check is not
 * taken for a false one.
 */
export class ServiceSigner implements Signer {
  readonly suite = "of the key";

  constructor(
    private readonly key: string,
    private readonly sibling: Sibling,
    private readonly earlier: FileSigner,
  ) {}

  async sign(message: Buffer): Promise<{ keyId: string; signature: Uint8Array }> {
    const answer = await this.call(this.key, "sign", { message: message.toString("base64") });
    const { keyId, keyVersion, signature } = answer;
    if (keyVersion === undefined || signature === undefined) {
      throw new MnoError("MNO_TARGET_UNREACHABLE", `Key ${this.key} made no signature; is its purpose to sign?`);
    }
    return { keyId: `qc:${keyId}:${keyVersion}`, signature: Buffer.from(signature, "base64") };
  }

  async verify(message: Buffer, keyId: string, signature: Uint8Array): Promise<boolean> {
    const [, key, version] = KEY_ID.exec(keyId) ?? [];
    if (key === undefined) return this.earlier.verify(message, keyId, signature);
    const { valid } = await this.call(key, "verify", {
      message: message.toString("base64"),
      signature: Buffer.from(signature).toString("base64"),
      version: Number(version),
    });
    return valid === true;
  }

  private async call(key: string, operation: "sign" | "verify", body: object): Promise<Answer> {
    const path = `/quantum-cryptography/v1/keys/${encodeURIComponent(key)}/${operation}`;
    const refuse = (why: string): never => {
      throw new MnoError("MNO_TARGET_UNREACHABLE", `POST ${path}: ${why}`);
    };
    const answer = await request(`${this.sibling.baseUrl}${path}`, {
      method: "POST",
      headers: {
        ...this.sibling.headers,
        "mno-caller": "security-intelligence",
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
    }).catch((error: unknown) => refuse(error instanceof Error ? error.message : String(error)));
    const text = await answer.body.text();
    if (answer.statusCode >= 300) refuse(`${answer.statusCode} ${text.slice(0, 300)}`);
    return JSON.parse(text) as Answer;
  }
}
