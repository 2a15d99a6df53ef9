/** An answer of an engine, or why there is none. */
export type Answer<T> = { ok: true; data: T } | { ok: false; why: string };

/** Asks a path of this runtime's HTTP API. Never throws: an engine that is away is a part of the picture. */
export type Ask = <T>(path: string) => Promise<Answer<T>>;

const TIMEOUT_MILLISECONDS = 20_000;

export const ask: Ask = async <T>(path: string): Promise<Answer<T>> => {
  try {
    const response = await fetch(path, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    const body = (await response.json()) as { code?: string; detail?: string };
    if (response.ok) return { ok: true, data: body as T };
    return { ok: false, why: `${path} answered ${String(response.status)} ${body.code ?? ""}: ${body.detail ?? ""}` };
  } catch (error) {
    return { ok: false, why: `${path} did not answer: ${error instanceof Error ? error.message : String(error)}` };
  }
};
