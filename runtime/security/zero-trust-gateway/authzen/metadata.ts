const WELL_KNOWN = "/.well-known/authzen-configuration";

export const PATHS = {
  evaluation: "/access/v1/evaluation",
  evaluations: "/access/v1/evaluations",
  subject: "/access/v1/search/subject",
  resource: "/access/v1/search/resource",
  action: "/access/v1/search/action",
} as const;

/** The metadata document (AuthZEN, section 9) of a decision point at a URL without query and fragment, and its path. */
export function metadataOf(url: string): { path: string; document: object } {
  const { origin, pathname } = new URL(url);
  const path = pathname.replace(/\/+$/, "");
  const base = `${origin}${path}`;
  return {
    path: `${WELL_KNOWN}${path}`,
    document: {
      policy_decision_point: base,
      access_evaluation_endpoint: `${base}${PATHS.evaluation}`,
      access_evaluations_endpoint: `${base}${PATHS.evaluations}`,
      search_subject_endpoint: `${base}${PATHS.subject}`,
      search_resource_endpoint: `${base}${PATHS.resource}`,
      search_action_endpoint: `${base}${PATHS.action}`,
    },
  };
}
