import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { Server } from "node:https";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { MnoError } from "../../exports";

/**
 * Key exchange of all TLS that the platform serves, best first: X25519MLKEM768 keeps what is recorded today secret from the
 * quantum computers of tomorrow (RFC 10024); the others are for clients that do not know it yet.
 */
export const TLS_GROUPS = "X25519MLKEM768:X25519:P-256";

/** Looked at as often as this; cert-manager renews weeks before a certificate ends. */
const LOOK_MILLISECONDS = 30_000;

/** PEM files of a server's certificate, its issuers behind it, and of its private key. */
export interface TlsFiles {
  certificateFile: string;
  keyFile: string;
}

/** Errors: MNO_CONFIG_INVALID when a file cannot be read or the two are not a pair; no content is ever shown. */
export function readTls({ certificateFile, keyFile }: TlsFiles): SecureContextOptions {
  const options: SecureContextOptions = {
    cert: read(certificateFile),
    key: read(keyFile),
    minVersion: "TLSv1.3",
    ecdhCurve: TLS_GROUPS,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "not PEM";
    throw new MnoError(
      "MNO_CONFIG_INVALID",
      `${certificateFile} and ${keyFile} must be a certificate and its private key in PEM (${code})`,
    );
  }
  return options;
}

/** Calls `changed` whenever the file at `path` changed. */
export interface FileWatcher {
  watch(path: string, changed: () => void): void;
  unwatch(path: string, changed: () => void): void;
}

/** By its times, for Kubernetes puts another folder in place of the old one. */
const BY_STAT: FileWatcher = {
  watch: (path, changed) => void watchFile(path, { interval: LOOK_MILLISECONDS, persistent: false }, changed),
  unwatch: (path, changed) => unwatchFile(path, changed),
};

/**
 * Puts renewed files to use without a restart, until the returned function is called. A pair that is not one, as between the
 * writing of its two files, is told to `fault`, and the old one stays.
 */
export function followRenewals(
  server: Server,
  files: TlsFiles,
  fault: (error: unknown) => void,
  watcher: FileWatcher = BY_STAT,
): () => void {
  const renew = (): void => {
    try {
      server.setSecureContext(readTls(files));
    } catch (error) {
      fault(error);
    }
  };
  const paths = [files.certificateFile, files.keyFile];
  for (const path of paths) watcher.watch(path, renew);
  return () => {
    for (const path of paths) watcher.unwatch(path, renew);
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new MnoError("MNO_CONFIG_INVALID", `${path} cannot be read: ${(error as Error).message}`);
  }
}
