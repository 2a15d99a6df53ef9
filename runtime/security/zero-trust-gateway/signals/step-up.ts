import { MnoError } from "../../../exports";

/** What a proof has to be when a decision or a risk asks for one: a second factor, that recent. */
export function stepUpRequired(why: string, proofMilliseconds: number): MnoError {
  const maxAgeSeconds = Math.floor(proofMilliseconds / 1000);
  return new MnoError("MNO_STEP_UP_REQUIRED", `${why}; prove again who you are`, {
    extensions: { acrValues: "mfa", maxAgeSeconds },
  });
}

export function freshProof(
  session: { readonly authenticatedAt: number; readonly assurance: string },
  now: number,
  proofMilliseconds: number,
): boolean {
  return session.assurance !== "reduced" && now - session.authenticatedAt <= proofMilliseconds;
}
