import { multipartParts } from "../../../kernel/http-inspection/parse/multipart";
import type { GatewayRequest } from "../contracts";

/** A form has its token among its first fields: files come behind it. */
const READ_BYTES = 65_536;
const MOST_CHARACTERS = 256;
const URL_ENCODED = "application/x-www-form-urlencoded";
const MULTIPART = "multipart/form-data";

/** Whether the request's content is one that a page's form sends. */
export function isForm(request: GatewayRequest): boolean {
  const type = mediaType(request);
  return type === URL_ENCODED || type === MULTIPART;
}

/** The first value of a form's field; undefined where it has none within its first 64 KiB. Never throws. */
export function formField(request: GatewayRequest, content: Buffer, name: string): string | undefined {
  const start = content.subarray(0, READ_BYTES);
  const value =
    mediaType(request) === URL_ENCODED
      ? (new URLSearchParams(start.toString("latin1")).get(name) ?? undefined)
      : partOf(start, request.headers["content-type"]?.[0] ?? "", name);
  return value === undefined || value.length > MOST_CHARACTERS ? undefined : value;
}

function partOf(start: Buffer, contentType: string, name: string): string | undefined {
  const { parts } = multipartParts(start, contentType);
  const found = parts.find((part) => part.name === name && part.fileName === undefined);
  return found && Buffer.from(found.content).toString("latin1");
}

function mediaType({ headers }: GatewayRequest): string | undefined {
  const types = headers["content-type"] ?? [];
  return types.length === 1 ? types[0]?.split(";", 1)[0]?.trim().toLowerCase() : undefined;
}
