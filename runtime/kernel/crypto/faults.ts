import { MnoError } from "../../exports";

/** The errors of cryptographic operations. They name what was presented, never its bytes; causes stay out, for they may. */

export function invalidInput(what: string): MnoError {
  return new MnoError("MNO_CRYPTO_INPUT_INVALID", what);
}

export function unsupported(implementation: string, what: string): MnoError {
  return new MnoError("MNO_CRYPTO_UNSUPPORTED", `The ${implementation} implementation cannot ${what}`);
}

/** One message for all causes: which byte was wrong is nobody's business. */
export function openFailed(): MnoError {
  return new MnoError("MNO_CRYPTO_OPEN_FAILED", "It was altered, or is of another key, or of another context");
}

export function requireSize(what: string, bytes: Uint8Array, size: number): void {
  if (bytes.length !== size) throw invalidInput(`${what} has ${size} bytes, not ${bytes.length}`);
}

/** Runs the operation of a library; whatever it throws becomes one that says what was wrong and repeats nothing. */
export function orInvalid<T>(what: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof MnoError) throw error;
    throw invalidInput(what);
  }
}
