import { type Dossier, dossierContext, profileContext } from "./dossier";
import type { Kept } from "./profile";
import type { Profiles } from "./profiles";
import type { AssessmentRecord, UserExport } from "./schemas";
import type { BehaviourStore } from "./store";
import type { Vault } from "./vault";

/** Assessments that an export or a list holds at most: more than a retention's worth of anybody's logins. */
const MOST_EXPORTED = 1000;

/** What is known of a person, for that person. */
export class Users {
  constructor(private readonly deps: { store: BehaviourStore; vault: Vault; profiles: Profiles }) {}

  async assessment(id: string): Promise<AssessmentRecord | undefined> {
    const { store, vault } = this.deps;
    const row = await store.assessment(id);
    return row === undefined ? undefined : (vault.open(dossierContext(id), row.sealed) as Dossier).record;
  }

  /** Everything that is kept of the user, but behavioural samples, of which it tells the number (GDPR, articles 15 and 20). */
  async export(name: string): Promise<UserExport> {
    const { store, vault, profiles } = this.deps;
    const user = profiles.userOf(name);
    const { sealed, templates } = await store.transaction(async (tx) => ({
      sealed: await store.lockUser(tx, user),
      templates: await store.templates(tx, user),
    }));
    const profile = sealed === undefined ? null : (vault.open(profileContext(user), sealed) as Kept);
    const rows = await store.assessmentsOf(user, MOST_EXPORTED);
    return {
      userId: name,
      profile,
      templates: templates.size,
      assessments: rows.map(({ id, sealed: text }) => (vault.open(dossierContext(id), text) as Dossier).record),
    };
  }

  /** Resolves to whether anything was known of the user. */
  async delete(name: string): Promise<boolean> {
    return this.deps.store.deleteUser(this.deps.profiles.userOf(name));
  }
}
