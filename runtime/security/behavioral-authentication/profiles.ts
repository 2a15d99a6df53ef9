import type { Queryable } from "../../kernel/store/database";
import { profileContext } from "./dossier";
import { emptyProfile, type Kept, keptOf, type Profile, profileFrom } from "./profile";
import type { BehaviourStore } from "./store";
import type { Vault } from "./vault";

/** The users' profiles, opened and sealed. */
export class Profiles {
  constructor(
    private readonly store: BehaviourStore,
    private readonly vault: Vault,
    private readonly halfLife: number,
  ) {}

  userOf(name: string): string {
    return this.vault.pseudonym("user", name);
  }

  /** Locked until the transaction ends. `known`: whether there is one already. */
  async lock(tx: Queryable, user: string, now: number): Promise<{ profile: Profile; known: boolean }> {
    const sealed = await this.store.lockUser(tx, user);
    if (sealed === undefined) return { profile: emptyProfile(this.halfLife, now), known: false };
    const kept = this.vault.open(profileContext(user), sealed) as Kept;
    return { profile: profileFrom(kept, this.halfLife, now), known: true };
  }

  async put(tx: Queryable, user: string, profile: Profile, now: number): Promise<void> {
    const sealed = this.vault.seal(profileContext(user), keptOf(profile, now));
    await this.store.putUser(tx, user, profile.history.logins(now), sealed);
  }
}
