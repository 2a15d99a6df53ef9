import { createHash } from "node:crypto";
import type * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { FilesArgs } from "../workload/kubernetes/volume-types";

/** PKCS #8 up to the seed of 32 bytes, which both kinds of key grow from (RFC 8410, section 7; RFC 9881, section 6). */
const PREFIXES = {
  ed25519: "302e020100300506032b657004220420",
  "ml-dsa-65": "3034020100300b060960864801650304031204228020",
} as const;
export type SigningKeyKind = keyof typeof PREFIXES;

const DIRECTORY = "/etc/machine-native-ops/signing-key";
const FILE = "private.pem";

/** A private key of the kind, in PEM, that grows from 32 random bytes in base64. */
export function privateKeyPem(kind: SigningKeyKind, seed: string): string {
  const der = Buffer.concat([Buffer.from(PREFIXES[kind], "hex"), Buffer.from(seed, "base64")]).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`;
}

/**
 * 32 random bytes in base64, kept in the stack's state as a secret: the digest of a long password, for that is what the provider
 * certainly shows nowhere, its id included.
 */
export function randomSeed(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  const { result } = new random.RandomPassword(name, { length: 64, special: false }, opts);
  return result.apply((text) => createHash("sha256").update(text).digest("base64"));
}

/** A key that all replicas of one engine sign with, made once and kept in the stack's state; and where they find it. */
export function sharedSigningKey(
  name: string,
  kind: SigningKeyKind,
  parent: pulumi.Resource,
): { path: string; files: FilesArgs } {
  const pem = randomSeed(name, { parent }).apply((seed) => privateKeyPem(kind, seed));
  return {
    path: `${DIRECTORY}/${FILE}`,
    files: { name: "signing-key", mountPath: DIRECTORY, secretContents: { [FILE]: pem } },
  };
}
