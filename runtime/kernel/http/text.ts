/**
 * Pattern of free text in requests: no control characters and no halves of surrogate pairs, which PostgreSQL's text and jsonb
 * refuse, and with them the statement they are in. Means the same with the `u` flag and without it.
 */
export const TEXT_PATTERN = "^(?:[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])*$";
