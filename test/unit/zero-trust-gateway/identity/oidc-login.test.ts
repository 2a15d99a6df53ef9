import assert from "node:assert/strict";
import { createServer, type RequestListener, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK } from "jose";
import type { Database } from "../../../../runtime/kernel/store/database";
import { systemClock } from "../../../../runtime/kernel/clock";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import { Browser, coded, Replica, TABLES } from "./replica";
import { ORIGIN, silent } from "./support";

/** As far as it is used: the package has no types. */
type ProviderClass = new (
  issuer: string,
  configuration: object,
) => {
  callback(): RequestListener;
  on(event: string, listener: (context: unknown, error: Error) => void): void;
};
const { default: Provider } = createRequire(__filename)("oidc-provider") as { default: ProviderClass };

const COOKIE = "__Host-mno-session";

/** A browser at the provider: follows redirects there and fills in its development forms. */
class AtProvider {
  private readonly cookies = new Map<string, string>();

  async logIn(location: string, user = "alice"): Promise<URL> {
    let url = location;
    let form: URLSearchParams | undefined;
    for (let hops = 0; hops < 20; hops++) {
      if (url.startsWith(ORIGIN)) return new URL(url);
      const answer = await fetch(url, {
        method: form === undefined ? "GET" : "POST",
        redirect: "manual",
        headers: { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
        ...(form !== undefined && { body: form }),
      });
      for (const header of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
        if (value === "") this.cookies.delete(name);
        else this.cookies.set(name, value);
      }
      form = undefined;
      const next = answer.headers.get("location");
      if (next !== null) {
        url = new URL(next, url).href;
        continue;
      }
      const page = await answer.text();
      const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
      assert.ok(prompt, `${answer.status} ${page.slice(0, 300)}`);
      form = new URLSearchParams(prompt === "login" ? { prompt, login: user, password: "x" } : { prompt });
      url = new URL(/action="([^"]+)"/.exec(page)?.[1] ?? "", url).href;
    }
    throw new Error("too many redirects");
  }

  /** Confirms the provider's own logout page, which makes it tell its clients. */
  async endSession(issuer: string): Promise<void> {
    const cookie = (): string => [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const page = await fetch(`${issuer}/session/end`, { headers: { cookie: cookie() } });
    const text = await page.text();
    for (const header of page.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      this.cookies.set(name, value);
    }
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const body = new URLSearchParams({ xsrf, logout: "yes" });
    await fetch(`${issuer}/session/end/confirm`, {
      method: "POST",
      redirect: "manual",
      headers: { cookie: cookie() },
      body,
    });
  }
}

describe("zero-trust gateway: login with an OpenID provider (oidc-provider)", () => {
  let database: Database;
  let replica: Replica;
  let server: Server;
  let issuer: string;
  let logoutTokens: string[];
  let gatewayServer: Server;
  let keys: JWK[];

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    keys = [{ ...(await exportJWK(privateKey)), kid: "provider-1", alg: "ES256", use: "sig" }];
    // Where the provider sends its logout tokens: the gateway's listener.
    logoutTokens = [];
    gatewayServer = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        logoutTokens.push(Buffer.concat(chunks).toString());
        response.end();
      });
    });
    await new Promise<void>((resolve) => gatewayServer.listen(0, "127.0.0.1", resolve));
    const backchannel = `http://127.0.0.1:${(gatewayServer.address() as AddressInfo).port}/.mno/backchannel-logout`;
    let handle: RequestListener = () => undefined;
    server = createServer((request, response) => handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: "gateway",
          client_secret: "a secret: with specials&",
          redirect_uris: [`${ORIGIN}/.mno/callback`],
          post_logout_redirect_uris: [`${ORIGIN}/.mno/login`],
          backchannel_logout_uri: backchannel,
          backchannel_logout_session_required: true,
          id_token_signed_response_alg: "ES256",
          require_auth_time: true,
        },
      ],
      jwks: { keys },
      cookies: { keys: ["test"] },
      features: {
        backchannelLogout: { enabled: true },
        devInteractions: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      pkce: { required: () => true },
      // Its own refuses loopback, where this test is.
      fetch: (url: string, options: RequestInit) => {
        Reflect.deleteProperty(options, "dispatcher");
        return fetch(url, options);
      },
      claims: { openid: ["sub"], profile: ["groups"] },
      conformIdTokenClaims: false,
      findAccount: (_context: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, groups: ["staff"] }),
      }),
    });
    provider.on("server_error", (_context, error) => assert.fail(error));
    handle = provider.callback();
  });
  after(async () => {
    server.closeAllConnections();
    gatewayServer.closeAllConnections();
    await Promise.all([server, gatewayServer].map((one) => new Promise((resolve) => one.close(resolve))));
    await database.close();
  });
  beforeEach(async () => {
    logoutTokens.length = 0;
    replica = await new Replica(database, systemClock).open({
      MNO_ZTG_ISSUERS: [
        {
          issuer,
          audience: ["unused"],
          clientId: "gateway",
          clientSecret: "a secret: with specials&",
          parents: { Group: "groups" },
        },
      ],
    });
  });
  afterEach(async () => {
    await replica.close();
    await database.query(`TRUNCATE ${TABLES}`);
  });

  const begin = async (browser: Browser): Promise<string> => {
    const { status, headers } = await browser.get("/.mno/login?return_to=%2Forders%3Fa%3D1");
    assert.equal(status, 303);
    return headers.location as string;
  };
  const back = (browser: Browser, url: URL) => browser.get(url.pathname + url.search);
  const login = async (browser = new Browser(replica), at = new AtProvider()): Promise<Browser> => {
    const { status, headers } = await back(browser, await at.logIn(await begin(browser)));
    assert.deepEqual([status, headers.location], [303, "/orders?a=1"]);
    return browser;
  };

  it("logs a browser in with code, PKCE, state and nonce", async () => {
    const browser = new Browser(replica);
    const location = new URL(await begin(browser));
    assert.equal(location.searchParams.get("code_challenge_method"), "S256");
    assert.match(location.searchParams.get("state") ?? "", /^[\w-]{43}$/);
    assert.match(location.searchParams.get("nonce") ?? "", /^[\w-]{43}$/);
    const returned = await new AtProvider().logIn(location.href);
    assert.equal(returned.searchParams.get("iss"), issuer); // RFC 9207
    await back(browser, returned);
    const { principal } = await browser.enter();
    assert.deepEqual([principal.id, principal.parents], ["alice", [{ type: "Group", id: "staff" }]]);
    assert.deepEqual([...browser.cookies.keys()].sort(), ["__Host-mno-device", COOKIE]);
  });

  it("refuses an answer that is not this browser's, comes twice, or is of another provider", async () => {
    const browser = new Browser(replica);
    const returned = await new AtProvider().logIn(await begin(browser));
    const invalid = coded("MNO_LOGIN_STATE_INVALID");
    await assert.rejects(back(new Browser(replica), returned), invalid); // login CSRF: no state in the victim's browser
    const other = new Browser(replica);
    await begin(other);
    await assert.rejects(back(other, returned), invalid); // another login's state
    const change = (name: string, value: string | undefined): URL => {
      const url = new URL(returned);
      if (value === undefined) url.searchParams.delete(name);
      else url.searchParams.set(name, value);
      return url;
    };
    const attempt = async (url: URL, code = invalid): Promise<void> => {
      const one = new Browser(replica);
      for (const [name, value] of browser.cookies) one.cookies.set(name, value);
      await database.query("TRUNCATE ztg_once"); // each as if it were the first
      await assert.rejects(back(one, url), code);
    };
    await attempt(change("iss", "https://evil.test"));
    await attempt(change("iss", undefined)); // the provider says it always sends it
    await attempt(change("state", "x"));
    await attempt(change("code", undefined));
    const twice = new URL(returned);
    twice.searchParams.append("state", "x");
    await attempt(twice);
    await attempt(change("error", "access_denied"), coded("MNO_LOGIN_REFUSED", /access_denied/));
    await attempt(change("code", "guessed"), coded("MNO_LOGIN_REFUSED"));
    const cookies = new Map(browser.cookies);
    await database.query("TRUNCATE ztg_once");
    await back(browser, returned);
    const again = new Browser(replica);
    for (const [name, value] of cookies) again.cookies.set(name, value);
    await assert.rejects(back(again, returned), invalid);
  });

  it("asks the provider for a new proof at a step-up, of the same user", async () => {
    const at = new AtProvider();
    const browser = await login(new Browser(replica), at);
    const secret = browser.cookies.get(COOKIE);
    const asked = await browser.get("/.mno/step-up?return_to=%2Fpay");
    const location = new URL(asked.headers.location as string);
    assert.deepEqual([location.searchParams.get("prompt"), location.searchParams.get("max_age")], ["login", "0"]);
    const { headers } = await back(browser, await at.logIn(location.href));
    assert.equal(headers.location, "/pay");
    assert.notEqual(browser.cookies.get(COOKIE), secret);
    assert.equal((await browser.enter()).principal.id, "alice");

    const somebodyElse = await browser.get("/.mno/step-up?return_to=%2Fpay");
    const returned = await new AtProvider().logIn(somebodyElse.headers.location as string, "mallory");
    await assert.rejects(back(browser, returned), coded("MNO_SESSION_OVER"));
  });

  it("logs out here and at the provider", async () => {
    const browser = await login();
    const { headers, status } = await browser.post(
      "/.mno/logout",
      {},
      { "content-type": "application/x-www-form-urlencoded" },
    );
    const location = new URL(headers.location as string);
    assert.deepEqual([status, location.origin, location.searchParams.get("client_id")], [303, issuer, "gateway"]);
    assert.equal((await fetch(location)).status, 200);
    assert.equal(browser.cookies.has(COOKIE), false);
    assert.equal(((await replica.api("GET", "/v1/sessions")).body.items as unknown[]).length, 0);
  });

  it("ends the session when the provider says so, once per token and for its own sessions only", async () => {
    const at = new AtProvider();
    const browser = await login(new Browser(replica), at);
    const [row] = await database.query<{ provider_session: string | null }>(
      "SELECT provider_session FROM ztg_sessions",
    );
    assert.match(row?.provider_session ?? "", /.+/);
    const { SignJWT, importJWK } = await import("jose");
    const key = (await importJWK(keys[0] as JWK, "ES256")) as CryptoKey;
    const EVENT = { "http://schemas.openid.net/event/backchannel-logout": {} };
    const token = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> =>
      new SignJWT({
        iss: issuer,
        aud: "gateway",
        iat: Math.floor(Date.now() / 1000),
        jti: crypto.randomUUID(),
        events: EVENT,
        sid: row?.provider_session,
        ...claims,
      })
        .setProtectedHeader({ alg: "ES256", kid: "provider-1", typ: "logout+jwt", ...header })
        .sign(key);
    const send = async (logoutToken: string) => {
      const route = replica.identity.routes.find(({ path }) => path === "/.mno/backchannel-logout");
      const body = new URLSearchParams({ logout_token: logoutToken }).toString();
      return (route as NonNullable<typeof route>).handle(
        browser.request("/.mno/backchannel-logout"),
        Buffer.from(body),
      );
    };
    const invalid = coded("MNO_LOGIN_STATE_INVALID");
    for (const bad of [
      token({ nonce: "n" }),
      token({ events: {} }),
      token({ events: null }),
      token({ aud: "other" }),
      token({ iss: "https://evil.test" }),
      token({ iat: Math.floor(Date.now() / 1000) - 3600 }),
      token({ sid: undefined }),
      token({ jti: undefined }),
      token({}, { typ: "at+jwt" }),
    ]) {
      await assert.rejects(send(await bad), invalid);
    }
    await assert.rejects(send("x.y.z"), invalid);
    assert.equal((await send(await token({ sid: "another" }))).status, 200);
    await browser.enter();
    const good = await token();
    assert.equal((await send(good)).status, 200);
    await assert.rejects(browser.enter(), coded("MNO_SESSION_OVER", /logged out at the provider/));
    assert.equal((await send(good)).status, 200);
  });

  it("takes the logout token that the provider itself makes", async () => {
    const at = new AtProvider();
    const again = await login(new Browser(replica), at);
    await at.endSession(issuer);
    assert.equal(logoutTokens.length, 1);
    const route = replica.identity.routes.find(({ path }) => path === "/.mno/backchannel-logout");
    const body = Buffer.from(logoutTokens[0] as string);
    assert.equal((await (route as NonNullable<typeof route>).handle(again.request("/x"), body)).status, 200);
    await assert.rejects(again.enter(), coded("MNO_SESSION_OVER", /logged out at the provider/));
  });
});
