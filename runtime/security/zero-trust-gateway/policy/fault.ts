/**
 * An error of Cedar's evaluation: the policy that meets it is left out of account and reported. It carries no stack, for it is
 * an everyday answer (an attribute is missing) and capturing one would cost more than the decision.
 */
export class EvaluationFault {
  constructor(readonly message: string) {}
}

/** Throws an evaluation error. */
export function fail(message: string): never {
  // eslint-disable-next-line @typescript-eslint/only-throw-error -- no stack is wanted, see above
  throw new EvaluationFault(message);
}
