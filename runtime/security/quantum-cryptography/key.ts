/** What a key is for, and nothing else. `seal` is HPKE to the key; `encrypt` wraps data keys. */
export type KeyPurpose = "encrypt" | "seal" | "sign" | "mac";
export type KeyState = "enabled" | "disabled" | "destruction-scheduled" | "destroyed";
export const KEY_PURPOSES: readonly KeyPurpose[] = ["encrypt", "seal", "sign", "mac"];

/** What may be done with a key; grants name these. */
export type KeyOperation =
  | "generate-data-key"
  | "encrypt"
  | "decrypt"
  | "rewrap"
  | "sign"
  | "verify"
  | "mac"
  | "verify-mac"
  | "seal"
  | "open"
  | "manage";
export const KEY_OPERATIONS: readonly KeyOperation[] = [
  "generate-data-key",
  "encrypt",
  "decrypt",
  "rewrap",
  "sign",
  "verify",
  "mac",
  "verify-mac",
  "seal",
  "open",
  "manage",
];

/** Who may do what with the key. Without grants every caller with the API token may. */
export interface Grant {
  caller: string;
  operations: KeyOperation[];
}

export interface Key {
  id: string;
  alias: string | null;
  purpose: KeyPurpose;
  state: KeyState;
  /** The version that protects; earlier ones only open. */
  currentVersion: number;
  /** Suite of the current version. */
  suite: string;
  /** Days after which the key is rotated by itself. */
  rotationDays: number | null;
  grants: Grant[];
  createdAt: number;
  rotatedAt: number;
  /** When it will be, or was, destroyed. */
  destroyAt: number | null;
}

export interface KeyVersion {
  keyId: string;
  version: number;
  suite: string;
  /** Null for a MAC key. */
  publicKey: Uint8Array | null;
  /** Private material under the store's master key; null once destroyed. */
  sealed: Uint8Array | null;
  createdAt: number;
  destroyedAt: number | null;
}
