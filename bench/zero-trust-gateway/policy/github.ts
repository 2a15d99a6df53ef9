import type { EntityRecord } from "../../../runtime/security/zero-trust-gateway/contracts";
import { type App, EDGE, one, question, ref, some, type Store, upTo, value } from "./app";

/** Roles on a repository; who has one has those before it. */
export const ROLES = ["readers", "triagers", "writers", "maintainers", "admins"] as const;
/** The role that an action on a repository needs. */
export const NEEDS: Readonly<Record<string, (typeof ROLES)[number]>> = {
  pull: "readers",
  fork: "readers",
  assign_issue: "triagers",
  push: "writers",
  edit_issue: "writers",
  delete_issue: "maintainers",
  add_reader: "admins",
};

/** Repositories with five roles, in organisations, with teams in teams: 11 n entities. */
export const github: App = {
  name: "github",
  schema: `
    entity User in [Team, UserGroup];
    entity Team in [Team, UserGroup];
    entity UserGroup in [UserGroup];
    entity Org { members: UserGroup, owners: UserGroup };
    entity Repository { ${ROLES.map((role) => `${role}: UserGroup`).join(", ")}, owner: Org };
    action ${Object.keys(NEEDS).join(", ")} appliesTo { principal: User, resource: Repository };
  `,
  policies: [
    ...Object.entries(NEEDS).map(
      ([action, role]) =>
        `@id("${action}") permit(principal, action == Action::"${action}", resource) when { principal in resource.${role} };`,
    ),
    `@id("owners") permit(principal, action, resource) when { principal in resource.owner.owners };`,
  ].join("\n"),

  store(n, random): Store {
    const groupsOf = (repository: number) =>
      ROLES.map((role, rank) => ({
        ...ref("UserGroup", `repository ${repository} ${role}`),
        attributes: {},
        parents: rank === 0 ? [] : [ref("UserGroup", `repository ${repository} ${ROLES[rank - 1]}`)],
      }));
    const groups = upTo(n).flatMap((repository) => groupsOf(repository));
    const orgGroups = upTo(n).flatMap((org) => [
      { ...ref("UserGroup", `org ${org} members`), attributes: {}, parents: [] },
      { ...ref("UserGroup", `org ${org} owners`), attributes: {}, parents: [ref("UserGroup", `org ${org} members`)] },
    ]);
    /** On each repository and in each organisation, one role at most. */
    const roles = () => [
      ...some(upTo(n), random).map((repository) => ref("UserGroup", `repository ${repository} ${one(ROLES, random)}`)),
      ...some(upTo(n), random).map((org) => ref("UserGroup", `org ${org} ${one(["members", "owners"], random)}`)),
    ];
    const member = (type: string, id: number, teams: readonly number[]): EntityRecord => ({
      ...ref(type, id),
      attributes: {},
      parents: [...teams.map((team) => ref("Team", team)), ...roles()],
    });
    return {
      entities: [
        ...upTo(n).map((user) => member("User", user, some(upTo(n), random))),
        // Teams are in teams of higher numbers only: no cycles.
        ...upTo(n).map((team) =>
          member(
            "Team",
            team,
            upTo(n).filter((other) => other > team && random() < EDGE),
          ),
        ),
        ...upTo(n).map((org) => ({
          ...ref("Org", org),
          attributes: {
            members: value(ref("UserGroup", `org ${org} members`)),
            owners: value(ref("UserGroup", `org ${org} owners`)),
          },
          parents: [],
        })),
        ...upTo(n).map((repository) => ({
          ...ref("Repository", repository),
          attributes: {
            ...Object.fromEntries(
              ROLES.map((role) => [role, value(ref("UserGroup", `repository ${repository} ${role}`))]),
            ),
            owner: value(ref("Org", Math.floor(random() * n))),
          },
          parents: [],
        })),
        ...groups,
        ...orgGroups,
      ],
      question: (draw) =>
        question(
          ref("User", Math.floor(draw() * n)),
          one(Object.keys(NEEDS), draw),
          ref("Repository", Math.floor(draw() * n)),
        ),
    };
  },
};
