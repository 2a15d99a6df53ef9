import assert from "node:assert/strict";
import type { GatewayRequest, Principal } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { csrfCookie, forgeryOf } from "../../../../runtime/security/zero-trust-gateway/csrf/guard";
import { CsrfTokens } from "../../../../runtime/security/zero-trust-gateway/csrf/tokens";
import type { Route } from "../../../../runtime/security/zero-trust-gateway/routing/route";
import { ALICE, NOBODY } from "../../../support/gateway";

const tokens = new CsrfTokens(Buffer.alloc(32, 1));
const SESSION = ALICE.session?.id ?? "";
const OWN = "https://shop.example";
const TRUSTED = "https://admin.example";
const valid = tokens.issue(SESSION);

interface Case {
  method?: string;
  headers?: Record<string, string>;
  principal?: Principal;
  token?: Route["csrf"]["token"];
  mode?: Route["csrf"]["mode"];
  upgrade?: boolean;
  authority?: string;
  content?: string;
}

const site = (value: string, mode = "cors", destination = "empty") => ({
  "sec-fetch-site": value,
  "sec-fetch-mode": mode,
  "sec-fetch-dest": destination,
});
const submitted = (header: string, cookie = header) => ({
  "x-csrf-token": header,
  cookie: `__Host-mno-csrf=${cookie}`,
});

const cookie = { cookie: `__Host-mno-csrf=${valid}` };
const form = { "content-type": "application/x-www-form-urlencoded", ...cookie };
const multipart = { "content-type": "multipart/form-data; boundary=b", ...cookie };
const part = (name: string, value: string, more = ""): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

/** Written after OWASP's cheat sheet, the Fetch Metadata specification and web.dev's resource isolation policy. */
const PASSES: Record<string, Case> = {
  "a page's own request": { method: "POST", headers: { ...site("same-origin"), origin: OWN } },
  "a page's own request, its port spelt out": {
    method: "POST",
    headers: { ...site("same-origin"), origin: OWN },
    authority: "shop.example:443",
  },
  "what the user typed or bookmarked": { headers: site("none", "navigate", "document") },
  "a link from another site": { headers: site("cross-site", "navigate", "document") },
  "a link from a sibling site": { headers: site("same-site", "navigate", "document") },
  "a page's own image": { headers: site("same-origin", "no-cors", "image") },
  "a read by a browser without Fetch Metadata": { headers: { origin: "https://evil.example" } },
  "an own write by a browser without Fetch Metadata": { method: "PUT", headers: { origin: OWN } },
  "an own write that only names its page": { method: "POST", headers: { referer: `${OWN}/a?b`, ...submitted(valid) } },
  "a write with a token, by a client that says nothing": { method: "DELETE", headers: submitted(valid) },
  "a write of a trusted site": { method: "POST", headers: { ...site("cross-site"), origin: TRUSTED } },
  "a preflight of a trusted site": { method: "OPTIONS", headers: { ...site("cross-site"), origin: TRUSTED } },
  "a write with a bearer token": {
    method: "POST",
    headers: site("cross-site"),
    principal: { ...ALICE, method: "bearer" },
  },
  "a write of a workload": {
    method: "POST",
    principal: { type: "Workload", id: "w", method: "mtls", attributes: {}, parents: [] },
  },
  "an anonymous write by a program": { method: "POST", principal: NOBODY },
  "an own write with a token, where one is always asked for": {
    method: "POST",
    headers: { ...site("same-origin"), origin: OWN, ...submitted(valid) },
    token: "always",
  },
  "an own read, where a token is always asked for": { headers: site("same-origin"), token: "always" },
  "an own WebSocket": { upgrade: true, headers: { ...site("same-origin", "websocket", "websocket"), origin: OWN } },
  "a form with its token in a field": { method: "POST", headers: form, content: `a=1&csrf_token=${valid}&b=2` },
  "a form with its token in a field, where one is always asked for": {
    method: "POST",
    headers: { ...site("same-origin", "navigate", "document"), origin: OWN, ...form },
    content: `csrf_token=${encodeURIComponent(valid)}`,
    token: "always",
  },
  "a multipart form with its token before a file": {
    method: "POST",
    headers: multipart,
    content: `${part("csrf_token", valid)}${part("file", "x".repeat(200_000), '; filename="x"')}--b--\r\n`,
  },
  "anything, where the route has it off": { method: "POST", headers: site("cross-site"), mode: "off" },
};

const REFUSED: Record<string, Case> = {
  "a form of another site": { method: "POST", headers: site("cross-site", "navigate", "document") },
  "a form of another site, its origin hidden": {
    method: "POST",
    headers: { ...site("cross-site", "navigate"), origin: "null" },
  },
  "a form of a sibling site": { method: "POST", headers: site("same-site", "navigate", "document") },
  "a script of another site": { method: "POST", headers: { ...site("cross-site"), origin: "https://evil.example" } },
  "a script of another site that reads": { headers: site("cross-site", "cors") },
  "an image of another site": { headers: site("cross-site", "no-cors", "image") },
  "a script tag of another site": { headers: site("cross-site", "no-cors", "script") },
  "an embedded object of another site": { headers: site("cross-site", "navigate", "object") },
  "an embed of another site": { headers: site("cross-site", "navigate", "embed") },
  "a preflight of another site": {
    method: "OPTIONS",
    headers: { ...site("cross-site"), origin: "https://evil.example" },
  },
  "a beacon of another site": { method: "POST", headers: site("cross-site", "no-cors") },
  "a site that no browser names": { headers: site("same-origin, cross-site") },
  "an empty site": { headers: site("") },
  "a site in capital letters": { headers: site("Same-Origin") },
  "a foreign origin that claims to be the same": {
    method: "POST",
    headers: { ...site("same-origin"), origin: "https://evil.example" },
  },
  "a form of another site, by a browser without Fetch Metadata": {
    method: "POST",
    headers: { origin: "https://evil.example" },
  },
  "a hidden origin, by a browser without Fetch Metadata": { method: "POST", headers: { origin: "null" } },
  "the own host by another scheme": { method: "POST", headers: { origin: "http://shop.example" } },
  "the own host at another port": { method: "POST", headers: { origin: "https://shop.example:8443" } },
  "a host that ends like the own": { method: "POST", headers: { origin: "https://evilshop.example" } },
  "a host that begins like the own": { method: "POST", headers: { origin: "https://shop.example.evil.example" } },
  "a host that begins like a trusted one": { method: "POST", headers: { origin: `${TRUSTED}.evil.example` } },
  "a foreign page, by a browser that says no origin": {
    method: "POST",
    headers: { referer: "https://evil.example/https://shop.example/", ...submitted(valid) },
  },
  "a page that is no URL": { method: "POST", headers: { referer: "shop.example", ...submitted(valid) } },
  "a write that says nothing, without a token": { method: "POST" },
  "a token without its cookie": { method: "POST", headers: { "x-csrf-token": valid } },
  "a cookie without its token": { method: "POST", headers: { cookie: `__Host-mno-csrf=${valid}` } },
  "a token that is not the cookie's": { method: "POST", headers: submitted(valid, tokens.issue(SESSION)) },
  "a token of another session, cookie planted": {
    method: "POST",
    headers: submitted(tokens.issue("of somebody else")),
  },
  "a token of another gateway": {
    method: "POST",
    headers: submitted(new CsrfTokens(Buffer.alloc(32, 2)).issue(SESSION)),
  },
  "an unsigned token, cookie planted": { method: "POST", headers: submitted("x") },
  "an empty token, cookie planted": { method: "POST", headers: submitted("") },
  "a token in a cookie that siblings can set": {
    method: "POST",
    headers: { "x-csrf-token": valid, cookie: `mno-csrf=${valid}` },
  },
  "an own write without a token, where one is always asked for": {
    method: "POST",
    headers: { ...site("same-origin"), origin: OWN },
    token: "always",
  },
  "a WebSocket of another site": {
    upgrade: true,
    headers: { ...site("cross-site", "websocket", "websocket"), origin: "https://evil.example" },
  },
  "a WebSocket of another site, by a browser without Fetch Metadata": {
    upgrade: true,
    headers: { origin: "https://evil.example" },
  },
  "a WebSocket that claims to navigate": { upgrade: true, headers: site("cross-site", "navigate", "document") },
  "a form without a field": { method: "POST", headers: form, content: "a=1" },
  "a form with an empty field": { method: "POST", headers: form, content: "csrf_token=" },
  "a form with another's token, cookie planted": {
    method: "POST",
    headers: { ...form, cookie: `__Host-mno-csrf=${tokens.issue("of somebody else")}` },
    content: `csrf_token=${valid}`,
  },
  "a form with a field that is not the cookie's": {
    method: "POST",
    headers: form,
    content: `csrf_token=${tokens.issue(SESSION)}`,
  },
  "a form with its field, without the cookie": {
    method: "POST",
    headers: { "content-type": form["content-type"] },
    content: `csrf_token=${valid}`,
  },
  "a form whose header is wrong and whose field is right": {
    method: "POST",
    headers: { ...form, "x-csrf-token": "x" },
    content: `csrf_token=${valid}`,
  },
  "a form of another site with a right field": {
    method: "POST",
    headers: { ...form, ...site("cross-site", "navigate", "document") },
    content: `csrf_token=${valid}`,
  },
  "JSON that looks like a form": {
    method: "POST",
    headers: { ...cookie, "content-type": "application/json" },
    content: `csrf_token=${valid}`,
  },
  "text that looks like a form": {
    method: "POST",
    headers: { ...cookie, "content-type": "text/plain" },
    content: `csrf_token=${valid}`,
  },
  "a multipart form with its token in a file": {
    method: "POST",
    headers: multipart,
    content: `${part("csrf_token", valid, '; filename="x"')}--b--\r\n`,
  },
  "a multipart form with its token behind a long file": {
    method: "POST",
    headers: multipart,
    content: `${part("file", "x".repeat(70_000), '; filename="x"')}${part("csrf_token", valid)}--b--\r\n`,
  },
  "a multipart form without a boundary": {
    method: "POST",
    headers: { ...multipart, "content-type": "multipart/form-data" },
    content: `${part("csrf_token", valid)}--b--\r\n`,
  },
  "a WebSocket that brings a form": { upgrade: true, headers: form, content: `csrf_token=${valid}` },
  "an anonymous form of another site (login)": {
    method: "POST",
    headers: site("cross-site", "navigate"),
    principal: NOBODY,
  },
};

function ask({
  method = "GET",
  headers = {},
  principal = ALICE,
  token = "fallback",
  mode = "enforce",
  upgrade = false,
  authority = "shop.example",
  content,
}: Case) {
  const request: GatewayRequest = {
    id: "1",
    time: 0,
    method,
    scheme: "https",
    authority,
    path: "/",
    target: "/",
    query: "",
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    address: "192.0.2.1",
  };
  const options = { mode, token, field: "csrf_token", trustedOrigins: [TRUSTED] };
  return forgeryOf({
    request,
    principal,
    upgrade,
    tokens,
    options,
    ...(content !== undefined && { content: Buffer.from(content) }),
  });
}

describe("zero-trust gateway: cross-site request forgery", () => {
  for (const [what, each] of Object.entries(PASSES)) it(`passes ${what}`, () => assert.equal(ask(each), undefined));
  for (const [what, each] of Object.entries(REFUSED))
    it(`refuses ${what}`, () => assert.equal(typeof ask(each)?.why, "string"));

  it("waits for the content of forms only, and only where nothing but the token is missing", () => {
    const follows = (each: Case) => ask({ method: "POST", ...each })?.mayFollow;
    assert.equal(follows({ headers: form }), true);
    assert.equal(follows({ headers: multipart }), true);
    assert.equal(follows({ headers: form, content: "a=1" }), false);
    assert.equal(follows({ headers: { ...form, "x-csrf-token": "x" } }), false);
    assert.equal(follows({ headers: { ...form, origin: "https://evil.example" } }), false);
    assert.equal(follows({ headers: { ...form, ...site("cross-site", "navigate") } }), false);
    assert.equal(follows({ headers: { ...cookie, "content-type": "application/json" } }), false);
    assert.equal(follows({ headers: form, upgrade: true }), false);
  });

  it("gives a session's pages a token that it then takes", () => {
    const request = (cookie?: string): GatewayRequest => ({
      id: "1",
      time: 0,
      method: "GET",
      scheme: "https",
      authority: "shop.example",
      path: "/",
      target: "/",
      query: "",
      headers: cookie === undefined ? {} : { cookie: [cookie] },
      address: "192.0.2.1",
    });
    const set = csrfCookie(request(), ALICE, tokens) ?? "";
    assert.match(set, /^__Host-mno-csrf=[^;]+; Path=\/; Secure; SameSite=Strict$/);
    const [cookie = ""] = set.split(";");
    const token = cookie.slice(cookie.indexOf("=") + 1);
    assert.ok(tokens.isValid(token, SESSION));
    assert.ok(!tokens.isValid(token, "another"));
    assert.equal(csrfCookie(request(cookie), ALICE, tokens), undefined);
    assert.equal(csrfCookie(request(), NOBODY, tokens), undefined);
    assert.equal(ask({ method: "POST", headers: { "x-csrf-token": token, cookie } }), undefined);
  });
});
