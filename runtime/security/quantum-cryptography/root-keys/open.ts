import { join } from "node:path";
import { MnoError } from "../../../exports";
import { awsKmsRootKey } from "./aws-kms";
import { fileRootKey } from "./file";
import { gcpKmsRootKey } from "./gcp-kms";
import { pkcs11RootKey } from "./pkcs11";
import type { RootKey } from "./root-key";

export interface RootKeySettings {
  MNO_QC_ROOT_KEY?: string;
  MNO_QC_ROOT_KEY_FILE?: string;
  MNO_QC_ROOT_KEY_ENDPOINT?: string;
  /** The kernel's. */
  MNO_STATE_DIR: string;
}

/** The root key where the configuration says that it is; a file of the state folder where it says nothing. Errors: MNO_CONFIG_INVALID, MNO_ROOT_KEY_INVALID. */
export async function openRootKey(settings: RootKeySettings): Promise<RootKey> {
  const { MNO_QC_ROOT_KEY: name, MNO_QC_ROOT_KEY_FILE: file, MNO_QC_ROOT_KEY_ENDPOINT: endpoint } = settings;
  if (name !== undefined && file !== undefined) {
    throw new MnoError("MNO_CONFIG_INVALID", "MNO_QC_ROOT_KEY and MNO_QC_ROOT_KEY_FILE are two root keys: give one");
  }
  if (file !== undefined) return fileRootKey(file, { create: false });
  if (name === undefined) {
    return fileRootKey(join(settings.MNO_STATE_DIR, "quantum-cryptography", "root.key"), { create: true });
  }
  const at = endpoint === undefined ? {} : { endpoint };
  if (name.startsWith("arn:")) return awsKmsRootKey({ keyArn: name, ...at });
  if (name.startsWith("projects/")) return gcpKmsRootKey({ keyName: name, ...at });
  if (name.startsWith("pkcs11:")) return pkcs11RootKey(name);
  throw new MnoError(
    "MNO_CONFIG_INVALID",
    `MNO_QC_ROOT_KEY is "${name}"; it must be the ARN of a key of AWS KMS, the name of one of Google Cloud KMS (projects/…), or a PKCS#11 URI (pkcs11:…)`,
  );
}
