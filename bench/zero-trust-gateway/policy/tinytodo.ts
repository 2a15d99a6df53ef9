import { type App, EDGE, one, question, ref, some, type Store, upTo, value } from "./app";

/** To-do lists with an owner, readers and editors: 5 n entities. */
export const tinytodo: App = {
  name: "tinytodo",
  schema: `
    entity Application;
    entity Team in [Team, Application];
    entity User in [Team, Application] { joblevel: Long, location: String };
    entity List in [Application] { owner: User, name: String, readers: Team, editors: Team, tasks: Set<{name: String, id: Long}> };
    action CreateList, GetLists appliesTo { principal: User, resource: Application };
    action GetList, UpdateList, DeleteList, CreateTask, UpdateTask, DeleteTask, EditShare appliesTo { principal: User, resource: List };
  `,
  policies: `
    @id("anyone") permit(principal, action in [Action::"CreateList", Action::"GetLists"], resource == Application::"TinyTodo");
    @id("owner") permit(principal, action, resource is List) when { resource.owner == principal };
    @id("reader") permit(principal, action == Action::"GetList", resource is List) when { principal in resource.readers || principal in resource.editors };
    @id("editor") permit(principal, action in [Action::"UpdateList", Action::"CreateTask", Action::"UpdateTask", Action::"DeleteTask"], resource is List) when { principal in resource.editors };
    @id("interns") forbid(principal in Team::"interns", action == Action::"CreateList", resource == Application::"TinyTodo");
    @id("managers") permit(principal is User, action == Action::"GetList", resource is List) when { principal.joblevel > 6 && principal.location like "ABC*" };
  `,

  store(n, random): Store {
    const application = ref("Application", "TinyTodo");
    return {
      entities: [
        { ...application, attributes: {}, parents: [] },
        { ...ref("Team", "interns"), attributes: {}, parents: [application] },
        ...upTo(n).map((id) => ({
          ...ref("User", id),
          attributes: { joblevel: Math.floor(random() * 10), location: one(["ABC17", "DEF33"], random) },
          parents: [
            application,
            ...some(upTo(3 * n), random).map((team) => ref("Team", team)),
            ...(random() < EDGE ? [ref("Team", "interns")] : []),
          ],
        })),
        // Teams of lists are among the first 3 n.
        ...upTo(3 * n).map((id) => ({
          ...ref("Team", id),
          attributes: {},
          parents: [
            application,
            ...upTo(3 * n).flatMap((other) => (other > id && random() < EDGE ? [ref("Team", other)] : [])),
          ],
        })),
        ...upTo(n).map((id) => ({
          ...ref("List", id),
          attributes: {
            owner: value(ref("User", Math.floor(random() * n))),
            name: `list ${id}`,
            readers: value(ref("Team", Math.floor(random() * 3 * n))),
            editors: value(ref("Team", Math.floor(random() * 3 * n))),
            tasks: upTo(3).map((task) => ({ name: `task ${task}`, id: task })),
          },
          parents: [application],
        })),
      ],
      question: (draw) =>
        draw() < 0.2
          ? question(ref("User", Math.floor(draw() * n)), one(["CreateList", "GetLists"], draw), application)
          : question(
              ref("User", Math.floor(draw() * n)),
              one(["GetList", "UpdateList", "DeleteList", "CreateTask", "EditShare"], draw),
              ref("List", Math.floor(draw() * n)),
            ),
    };
  },
};
