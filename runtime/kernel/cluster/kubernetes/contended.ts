import { MnoError } from "../../../exports";

/** Attempts at a change before which another's keeps coming. */
const ATTEMPTS = 5;

/** Runs the work again where somebody else's change came first. Errors: MNO_CLUSTER_CONFLICT where it always does. */
export async function contended<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const conflict = error instanceof MnoError && error.code === "MNO_CLUSTER_CONFLICT";
      if (!conflict || attempt === ATTEMPTS) throw error;
    }
  }
}
