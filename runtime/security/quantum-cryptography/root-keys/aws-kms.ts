import { DecryptCommand, EncryptCommand, KMSClient, KMSServiceException } from "@aws-sdk/client-kms";
import { MnoError } from "../../../exports";
import type { RootKey } from "./root-key";

export interface AwsKmsOptions {
  /** ARN of a symmetric key; an alias could be moved to another. */
  keyArn: string;
  /** Base URL in place of the region's own, as a private endpoint has one. */
  endpoint?: string;
}

const ARN = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:key\/[A-Za-z0-9-]+$/;
/** What the service answers to bytes that are not its own, or of another context. */
const REFUSALS = new Set(["InvalidCiphertextException", "IncorrectKeyException", "KMSInvalidStateException"]);

/**
 * A key of AWS KMS, found with the credentials of the environment as the AWS SDK looks for them (pod identity first). The
 * context is the encryption context, which CloudTrail records: it is a digest, never a secret.
 */
export function awsKmsRootKey({ keyArn, endpoint }: AwsKmsOptions): RootKey {
  const region = ARN.exec(keyArn)?.[1];
  if (region === undefined) {
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      `${keyArn} must be a key's ARN: arn:aws:kms:eu-north-1:111122223333:key/1234abcd-…`,
    );
  }
  const client = new KMSClient({ region, ...(endpoint !== undefined && { endpoint }), maxAttempts: 4 });
  const contextOf = (context: Uint8Array) => ({ "machine-native-ops": Buffer.from(context).toString("base64url") });
  const ask = async (work: Promise<Uint8Array | undefined>): Promise<Uint8Array> => {
    try {
      const bytes = await work;
      if (bytes !== undefined) return bytes;
    } catch (error) {
      const refused = error instanceof KMSServiceException && REFUSALS.has(error.name);
      throw new MnoError(
        refused ? "MNO_ROOT_KEY_INVALID" : "MNO_ROOT_KEY_UNAVAILABLE",
        `AWS KMS key ${keyArn}: ${(error as Error).name}`,
        { cause: error },
      );
    }
    throw new MnoError("MNO_ROOT_KEY_UNAVAILABLE", `AWS KMS key ${keyArn}: the answer is empty`);
  };
  return {
    id: keyArn,
    wrap: (Plaintext, context) =>
      ask(
        client
          .send(new EncryptCommand({ KeyId: keyArn, Plaintext, EncryptionContext: contextOf(context) }))
          .then(({ CiphertextBlob }) => CiphertextBlob),
      ),
    unwrap: (CiphertextBlob, context) =>
      ask(
        client
          .send(new DecryptCommand({ KeyId: keyArn, CiphertextBlob, EncryptionContext: contextOf(context) }))
          .then(({ Plaintext }) => Plaintext),
      ),
    close: async () => client.destroy(),
  };
}
