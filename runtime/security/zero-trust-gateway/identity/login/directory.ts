import type { EntityRef } from "../../contracts";
import { userIdOf } from "../claims";
import { DIRECTORY } from "../../sessions/session";
import type { Proof } from "../../sessions/sessions";
import type { DirectoryUser } from "./directory-schema";
import { decoyFor } from "./passwords";

/** The built-in users. */
export class Directory {
  /** Password hash to check for who is not a user. */
  readonly decoy: string;
  private readonly users: ReadonlyMap<string, DirectoryUser>;

  /** `prefix` sets its users apart from those of issuers. Errors: MNO_CONFIG_INVALID, for a hash that is too weak or too costly. */
  constructor(
    users: Readonly<Record<string, DirectoryUser>>,
    private readonly prefix: string | undefined,
  ) {
    this.users = new Map(Object.entries(users));
    this.decoy = decoyFor([...this.users.values()].map(({ password }) => password));
  }

  get isEmpty(): boolean {
    return this.users.size === 0;
  }

  /** By the name that they log in with. */
  byName(name: string): DirectoryUser | undefined {
    return this.users.get(name);
  }

  idOf(name: string): string {
    return userIdOf(name, this.prefix);
  }

  byId(userId: string): DirectoryUser | undefined {
    const start = this.prefix === undefined ? "" : `${this.prefix}|`;
    return userId.startsWith(start) ? this.users.get(userId.slice(start.length)) : undefined;
  }

  proofOf(userId: string, user: DirectoryUser, assurance: Proof["assurance"]): Proof {
    const refs = (type: string, ids: readonly string[]): EntityRef[] => ids.map((id) => ({ type, id }));
    return {
      userId,
      source: DIRECTORY,
      attributes: { ...user.attributes, ...(user.name !== undefined && { name: user.name }) },
      parents: [...refs("Group", user.groups), ...refs("Role", user.roles)],
      assurance,
    };
  }
}
