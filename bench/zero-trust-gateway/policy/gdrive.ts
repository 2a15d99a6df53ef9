import { type App, EDGE, one, question, ref, some, type Store, upTo, value } from "./app";

/** Documents in folders, shared with users and groups through views: 6 n entities. */
export const gdrive: App = {
  name: "gdrive",
  schema: `
    entity Group in [Group] { view: View };
    entity User in [Group] { view: View, groupViews: Set<View>, owned: Set<Document> };
    entity View;
    entity Folder in [Folder, View];
    entity Document in [Folder, View] { isPublic: Bool };
    action read, write, share appliesTo { principal: User, resource: Document };
  `,
  policies: `
    @id("public") permit(principal, action == Action::"read", resource) when { resource.isPublic };
    @id("shared") permit(principal, action == Action::"read", resource) when { resource in principal.view };
    @id("shared with a group") permit(principal, action == Action::"read", resource) when { resource in principal.groupViews };
    @id("own") permit(principal, action, resource) when { principal.owned.contains(resource) };
  `,

  store(n, random): Store {
    const owners = upTo(n).map(() => Math.floor(random() * n));
    const views = (): { type: string; id: string }[] => [
      ...some(upTo(n), random).map((user) => ref("View", `user ${user}`)),
      ...some(upTo(n), random).map((group) => ref("View", `group ${group}`)),
    ];
    const folders = (after: number) => upTo(n).filter((folder) => folder > after && random() < EDGE);
    return {
      entities: [
        ...upTo(n).flatMap((id) => [
          { ...ref("View", `user ${id}`), attributes: {}, parents: [] },
          { ...ref("View", `group ${id}`), attributes: {}, parents: [] },
        ]),
        ...upTo(n).map((id) => {
          const groups = some(upTo(n), random);
          return {
            ...ref("User", id),
            attributes: {
              view: value(ref("View", `user ${id}`)),
              groupViews: groups.map((group) => value(ref("View", `group ${group}`))),
              owned: upTo(n).flatMap((document) => (owners[document] === id ? [value(ref("Document", document))] : [])),
            },
            parents: groups.map((group) => ref("Group", group)),
          };
        }),
        ...upTo(n).map((id) => ({
          ...ref("Group", id),
          attributes: { view: value(ref("View", `group ${id}`)) },
          parents: upTo(n).flatMap((other) => (other > id && random() < EDGE ? [ref("Group", other)] : [])),
        })),
        ...upTo(n).map((id) => ({
          ...ref("Folder", id),
          attributes: {},
          parents: [...folders(id).map((folder) => ref("Folder", folder)), ...views()],
        })),
        ...upTo(n).map((id) => ({
          ...ref("Document", id),
          attributes: { isPublic: random() < EDGE },
          parents: [...folders(-1).map((folder) => ref("Folder", folder)), ...views()],
        })),
      ],
      question: (draw) =>
        question(
          ref("User", Math.floor(draw() * n)),
          one(["read", "read", "write", "share"], draw),
          ref("Document", Math.floor(draw() * n)),
        ),
    };
  },
};
