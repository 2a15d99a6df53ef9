import type { Paths } from "./history/history";
import type { SessionAnchor } from "./profile";
import type { AssessmentRecord } from "./schemas";
import type { Observation } from "./templates";
import type { Sighting } from "./travel/travel";

/** What is kept, sealed, of an assessment: what it said, and what it would teach. */
export interface Dossier {
  record: AssessmentRecord;
  coldStart: boolean;
  /** Pseudonyms of what was shown. */
  paths: Paths;
  /** Pseudonym of the address. */
  source: string;
  seen: Sighting;
  /** The session as this attempt showed it. */
  anchor: SessionAnchor | null;
  /** Until the outcome is known, and no longer. */
  observations: readonly Observation[];
  /** What the user's history took from it, in logins. */
  weight: number;
}

export const dossierContext = (id: string): string => `assessment/${id}`;
export const profileContext = (user: string): string => `user/${user}`;
