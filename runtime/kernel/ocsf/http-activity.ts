/** Activities of OCSF's HTTP Activity, by method as RFC 9110 writes it. */
const ACTIVITIES: Readonly<Record<string, number>> = {
  CONNECT: 1,
  DELETE: 2,
  GET: 3,
  HEAD: 4,
  OPTIONS: 5,
  POST: 6,
  PUT: 7,
  TRACE: 8,
  PATCH: 9,
};
const OTHER = 99;

/** The activity_id of a request with the method. */
export function httpActivityOf(method: string): number {
  return Object.hasOwn(ACTIVITIES, method) ? (ACTIVITIES[method] ?? OTHER) : OTHER;
}
