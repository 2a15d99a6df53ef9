import { createHash } from "node:crypto";
import { type OpenQuestion, search } from "../policy/search";
import type { World } from "../policy/world";
import { attributesOf, questionOf } from "./questions";
import { RequestFault, searchRequest, type SearchRequest, type SearchTarget } from "./requests";

/** Results in one answer where the request names no limit, and the most where it does. */
const MAX_RESULTS = 1000;

/** What a page's token stands for. */
interface Position {
  /** Of the request without its page: another request must not go on with this one's token. */
  readonly digest: string;
  readonly limit: number | undefined;
  readonly after: string;
}

/** `POST /access/v1/search/{subject,resource,action}`. Errors: RequestFault. */
export async function answerSearch(
  target: SearchTarget,
  body: Readonly<Record<string, unknown>>,
  world: World,
): Promise<object> {
  const request = searchRequest(target, body);
  const digest = digestOf(request);
  const position = request.page.token === undefined ? undefined : readToken(request.page.token);
  if (position && position.digest !== digest) throw new RequestFault("page.token belongs to another search");
  if (position && request.page.limit !== undefined && position.limit !== request.page.limit)
    throw new RequestFault("page.limit must be that of the page before");
  const limit = position ? position.limit : request.page.limit;
  const { results, next } = await search(
    world,
    openQuestion(request, world),
    Math.min(limit ?? MAX_RESULTS, MAX_RESULTS),
    position?.after,
  );
  const paged = next !== undefined || limit !== undefined || position !== undefined;
  const token = next === undefined ? "" : writeToken({ digest, limit, after: next });
  return {
    ...(paged && { page: { next_token: token, count: results.length } }),
    results: target === "action" ? results.map(({ id }) => ({ name: id })) : results,
  };
}

function openQuestion({ target, evaluation }: SearchRequest, world: World): OpenQuestion {
  const searched = target === "action" ? undefined : evaluation[target];
  const { properties, ...bare } = searched ?? {};
  const question = questionOf(searched ? { ...evaluation, [target]: bare } : evaluation, world);
  return {
    ...question,
    open: target === "subject" ? "principal" : target,
    ...(searched && properties && { attributes: attributesOf(searched.type, properties, world) }),
  };
}

function digestOf({ target, evaluation }: SearchRequest): string {
  return createHash("sha256").update(canonical({ target, evaluation })).digest("base64url").slice(0, 22);
}

/** JSON with members in the order of their names: a request is the same in whatever order it says things. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function writeToken(position: Position): string {
  return Buffer.from(JSON.stringify([position.digest, position.limit ?? null, position.after])).toString("base64url");
}

function readToken(token: string): Position {
  try {
    const [digest, limit, after] = JSON.parse(Buffer.from(token, "base64url").toString()) as unknown[];
    const limited = limit === null || (Number.isSafeInteger(limit) && (limit as number) >= 0);
    if (typeof digest === "string" && limited && typeof after === "string")
      return { digest, limit: (limit as number | null) ?? undefined, after };
  } catch {
    // Whatever is wrong with it, it is none of ours.
  }
  throw new RequestFault("page.token is none that was given out");
}
