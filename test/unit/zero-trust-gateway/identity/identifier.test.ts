import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ManualClock } from "../../../../runtime/kernel/clock";
import type { Database } from "../../../../runtime/kernel/store/database";
import { openDatabase } from "../../../../runtime/kernel/store/open";
import type { GatewayRequest } from "../../../../runtime/security/zero-trust-gateway/contracts";
import { coded, Replica, TABLES } from "./replica";
import {
  accessToken,
  AUDIENCE,
  dpopProof,
  ISSUER,
  requestOf,
  type SigningKey,
  signingKey,
  silent,
  START,
  startClock,
  thumbprintOf,
} from "./support";

const THUMBPRINT = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
const SPIFFE = "spiffe://cluster.local/ns/shop/sa/web";

describe("zero-trust gateway: identification", () => {
  let database: Database;
  let clock: ManualClock;
  let replica: Replica;
  let other: Replica;
  let key: SigningKey;
  let client: SigningKey;
  let jwks: Server;
  let issuers: object[];

  before(async function () {
    this.timeout(60_000); // PGlite compiles its WebAssembly first
    database = await openDatabase("pglite:memory", { log: silent });
    key = await signingKey();
    client = await signingKey("ES256", "client");
    jwks = createServer((_, response) => response.end(JSON.stringify({ keys: [key.jwk] })));
    await new Promise<void>((resolve) => jwks.listen(0, "127.0.0.1", resolve));
    const jwksUri = `http://127.0.0.1:${(jwks.address() as AddressInfo).port}/jwks`;
    issuers = [
      {
        issuer: ISSUER,
        audience: [AUDIENCE],
        jwksUri,
        attributes: { department: "dept", email: "email" },
        parents: { Group: "groups", Role: "realm_access.roles" },
      },
    ];
  });
  after(async () => {
    jwks.closeAllConnections();
    await new Promise((resolve) => jwks.close(resolve));
    await database.close();
  });
  const open = async (values: Record<string, unknown> = {}): Promise<void> => {
    const all = { MNO_ZTG_ISSUERS: issuers, MNO_ZTG_TRUST_DOMAINS: ["cluster.local"], ...values };
    replica = await new Replica(database, clock).open(all);
    other = await new Replica(database, clock).open(all);
  };
  beforeEach(async () => {
    clock = startClock();
    await open();
  });
  afterEach(async () => {
    await Promise.all([replica.close(), other.close()]);
    await database.query(`TRUNCATE ${TABLES}`);
  });
  const identify = (headers: Record<string, string | string[]>, more: Partial<GatewayRequest> = {}, on = replica) =>
    on.identity.identifier.identify(requestOf(headers, more));
  const bearer = async (claims: Record<string, unknown> = {}) => ({
    authorization: `Bearer ${await accessToken(key, claims)}`,
  });

  it("maps claims to attributes and parents, and no claim that is not mapped", async () => {
    const principal = await identify(
      await bearer({
        dept: "sales",
        groups: ["staff", 7, ""],
        realm_access: { roles: ["buyer"] },
        scope: "read write",
        isAdmin: true,
        assurance: "phishing-resistant",
        amr: ["pwd", "otp"],
      }),
    );
    assert.deepEqual(principal, {
      type: "User",
      id: "alice",
      method: "bearer",
      attributes: { department: "sales", assurance: "mfa", clientId: "shop", scopes: ["read", "write"] },
      parents: [
        { type: "Group", id: "staff" },
        { type: "Role", id: "buyer" },
      ],
    });
  });

  it("reaches into claims by own members only", async () => {
    const principal = await identify(await bearer({ realm_access: { __proto__: { roles: ["admin"] } } }));
    assert.deepEqual(principal.parents, []);
    assert.equal(({} as Record<string, unknown>).roles, undefined);
  });

  it("takes nobody for nobody, and a workload for its SPIFFE id in a trusted domain", async () => {
    assert.equal((await identify({})).type, "Anonymous");
    const workload = await identify({}, { spiffeId: SPIFFE });
    assert.deepEqual([workload.type, workload.id, workload.method], ["Workload", SPIFFE, "mtls"]);
    await assert.rejects(
      identify({}, { spiffeId: "spiffe://evil.test/ns/shop/sa/web" }),
      coded("MNO_IDENTITY_UNTRUSTED"),
    );
    const user = await identify(await bearer(), { spiffeId: SPIFFE });
    assert.equal(user.attributes.workload, SPIFFE);
  });

  it("refuses what proves nothing, never passes it over", async () => {
    for (const authorization of [
      "Basic YWxpY2U6cHc=",
      "Bearer",
      "Bearer ",
      "bearer a b",
      "Bearer x,y",
      "DPoP",
      "",
      "Bearer a.b.c",
    ]) {
      await assert.rejects(identify({ authorization }), coded("MNO_TOKEN_INVALID"), authorization);
    }
    const { authorization } = await bearer();
    await assert.rejects(
      identify({ authorization: [authorization, authorization] }),
      coded("MNO_CREDENTIALS_AMBIGUOUS"),
    );
  });

  it("verifies a token once, and asks its time, binding and revocation for every request", async () => {
    const headers = await bearer();
    await identify(headers);
    await clock.advance(299_000);
    await identify(headers);
    await clock.advance(7000);
    await assert.rejects(identify(headers), coded("MNO_TOKEN_INVALID", /expired/));
  });

  describe("tokens bound to a certificate (RFC 8705)", () => {
    it("are good with that certificate only", async () => {
      const headers = await bearer({ cnf: { "x5t#S256": THUMBPRINT } });
      assert.equal((await identify(headers, { certificateThumbprint: THUMBPRINT })).id, "alice");
      const refused = coded("MNO_TOKEN_BINDING_REFUSED");
      await assert.rejects(identify(headers), refused);
      await assert.rejects(identify(headers, { certificateThumbprint: `${THUMBPRINT.slice(1)}A` }), refused);
    });

    it("are refused with a confirmation that is not known", async () => {
      for (const cnf of [{}, { jwk: client.jwk }, { "x5t#S256": null }, { jkt: THUMBPRINT, kid: "x" }, "x", []]) {
        await assert.rejects(
          identify(await bearer({ cnf }), { certificateThumbprint: THUMBPRINT }),
          coded("MNO_TOKEN_BINDING_REFUSED"),
          JSON.stringify(cnf),
        );
      }
    });
  });

  describe("DPoP (RFC 9449)", () => {
    let token: string;
    beforeEach(async () => {
      token = await accessToken(key, { cnf: { jkt: await thumbprintOf(client) } });
    });
    const send = async (
      proof: string | string[] | undefined,
      more: Partial<GatewayRequest> = {},
      { on = replica, scheme = "DPoP" } = {},
    ) => identify({ authorization: `${scheme} ${token}`, ...(proof !== undefined && { dpop: proof }) }, more, on);

    it("takes a token with a proof of its key, once", async () => {
      const proof = await dpopProof(client, token);
      const principal = await send(proof);
      assert.deepEqual([principal.id, principal.attributes.keyThumbprint], ["alice", await thumbprintOf(client)]);
      const used = coded("MNO_DPOP_INVALID", /used before/);
      await assert.rejects(send(proof), used);
      await assert.rejects(send(proof, {}, { on: other }), used); // on another replica
    });

    it("of ten who send one proof at once, to two replicas, lets one in", async () => {
      const proof = await dpopProof(client, token);
      const sent = Array.from({ length: 10 }, (_, i) => send(proof, {}, { on: i % 2 ? replica : other }));
      const passed = (await Promise.allSettled(sent)).filter(({ status }) => status === "fulfilled");
      assert.equal(passed.length, 1);
    });

    it("renews what it let in without a second proof, and not for another token's user", async () => {
      const request = requestOf({ authorization: `DPoP ${token}`, dpop: await dpopProof(client, token) });
      const principal = await replica.identity.identifier.identify(request);
      assert.deepEqual(await replica.identity.identifier.renew(principal, request), principal);
      await assert.rejects(
        replica.identity.identifier.renew({ ...principal, id: "bob" }, request),
        coded("MNO_SESSION_OVER"),
      );
    });

    it("compares URLs as RFC 3986 has it", async () => {
      for (const htu of [
        "https://GATEWAY.test/orders",
        "https://gateway.test:443/orders",
        "https://gateway.test/%6Frders",
        "https://gateway.test/x/../orders",
        "https://gateway.test/orders?a=1#b",
      ]) {
        await send(await dpopProof(client, token, { htu }), { target: "/orders?page=2" });
      }
    });

    const ATTACKS: Record<string, [claims: Record<string, unknown>, header?: Record<string, unknown>, says?: RegExp]> =
      {
        "for another method": [{ htm: "POST" }],
        "for the method in small letters": [{ htm: "get" }],
        "for another path": [{ htu: "https://gateway.test/admin" }],
        "for a path below": [{ htu: "https://gateway.test/orders/1" }],
        "for another host": [{ htu: "https://evil.test/orders" }],
        "for another scheme": [{ htu: "http://gateway.test/orders" }],
        "for another port": [{ htu: "https://gateway.test:8443/orders" }],
        "with a user in the URL": [{ htu: "https://gateway.test@evil.test/orders" }],
        "with the own host as a user": [{ htu: "https://x@gateway.test/orders" }],
        "for an encoded slash": [{ htu: "https://gateway.test/%2Forders" }],
        "for no URL": [{ htu: "/orders" }],
        "that is too old": [{ iat: START / 1000 - 61 }],
        "from the future": [{ iat: START / 1000 + 6 }],
        "without a time": [{ iat: undefined }],
        "with a time that is text": [{ iat: String(START / 1000) }],
        "for another token": [{ ath: Buffer.alloc(32).toString("base64url") }],
        "without the token's digest": [{ ath: undefined }],
        "without an id": [{ jti: undefined }],
        "with an id that is a number": [{ jti: 7 }],
        "with an endless id": [{ jti: "x".repeat(257) }],
        "of another type": [{}, { typ: "JWT" }],
        "without a type": [{}, { typ: undefined }],
        "without a key": [{}, { jwk: undefined }],
      };
    for (const [name, [claims, header, says]] of Object.entries(ATTACKS)) {
      it(`refuses a proof ${name}`, async () => {
        await assert.rejects(send(await dpopProof(client, token, claims, header)), coded("MNO_DPOP_INVALID", says));
      });
    }

    it("refuses a proof by another key, with a private key, an HMAC, twice, or none", async () => {
      const thief = await signingKey("ES256", "thief");
      await assert.rejects(send(await dpopProof(thief, token)), coded("MNO_TOKEN_BINDING_REFUSED"));
      const borrowed = await dpopProof(thief, token, {}, { jwk: client.jwk });
      await assert.rejects(send(borrowed), coded("MNO_DPOP_INVALID"));
      const strange = { ...client.jwk, x: `\ufeff${String(client.jwk.x)}` };
      await assert.rejects(send(await dpopProof(client, token, {}, { jwk: strange })), coded("MNO_DPOP_INVALID"));
      const leaking = { ...client.jwk, d: "AAAA" };
      await assert.rejects(send(await dpopProof(client, token, {}, { jwk: leaking })), coded("MNO_DPOP_INVALID"));
      const [header, payload] = (await dpopProof(client, token)).split(".") as [string, string];
      const changed = {
        ...JSON.parse(Buffer.from(header, "base64url").toString()),
        alg: "HS256",
        jwk: { kty: "oct", k: "AAAA" },
      };
      const hmac = `${Buffer.from(JSON.stringify(changed)).toString("base64url")}.${payload}.AAAA`;
      await assert.rejects(send(hmac), coded("MNO_DPOP_INVALID"));
      const proof = await dpopProof(client, token);
      await assert.rejects(send([proof, await dpopProof(client, token)]), coded("MNO_DPOP_INVALID", /more than one/));
      await assert.rejects(send(undefined), coded("MNO_DPOP_INVALID", /there is none/));
      await send(proof); // none of these spent it
    });

    it("refuses a proof for another host that comes with that host's name", async () => {
      const proof = await dpopProof(client, token, { htu: "https://evil.test/orders" });
      await assert.rejects(send(proof, { authority: "evil.test" }), coded("MNO_DPOP_INVALID", /not reached/));
    });

    it("refuses a bound token as Bearer, and one that is not bound as DPoP", async () => {
      const proof = await dpopProof(client, token);
      await assert.rejects(
        send(proof, {}, { scheme: "Bearer" }),
        coded("MNO_TOKEN_BINDING_REFUSED", /send it as DPoP/),
      );
      token = await accessToken(key);
      await assert.rejects(send(await dpopProof(client, token)), coded("MNO_TOKEN_BINDING_REFUSED", /not bound/));
    });

    it("wants a nonce of ours where it is configured so, and says which", async () => {
      await Promise.all([replica.close(), other.close()]);
      await open({ MNO_ZTG_DPOP_NONCE: true });
      const request = requestOf({ authorization: `DPoP ${token}`, dpop: await dpopProof(client, token) });
      const error = await replica.identity.identifier.identify(request).catch((thrown: unknown) => thrown);
      coded("MNO_DPOP_NONCE_REQUIRED")(error);
      const headers = replica.identity.headersOf(error as never, request);
      assert.match(String(headers["www-authenticate"]), /^DPoP error="use_dpop_nonce"/);
      const nonce = String(headers["dpop-nonce"]);
      await send(await dpopProof(client, token, { nonce }), {}, { on: other });
      for (const wrong of [`${nonce.slice(0, -1)}_`, `${nonce.slice(0, -1)}é`, "", 7]) {
        await assert.rejects(send(await dpopProof(client, token, { nonce: wrong })), coded("MNO_DPOP_NONCE_REQUIRED"));
      }
      await clock.advance(45_000);
      await send(await dpopProof(client, token, { nonce, iat: START / 1000 + 45 }));
      await clock.advance(240_000);
      const late = dpopProof(client, token, { nonce, iat: START / 1000 + 285 });
      await assert.rejects(send(await late), coded("MNO_DPOP_NONCE_REQUIRED"));
    });
  });

  describe("configuration", () => {
    const opening = (values: Record<string, unknown>, loopback = true) =>
      new Replica(database, clock).open(values, loopback);
    const another = { issuer: "https://second.test", audience: ["x"] };
    const user = { password: `scrypt$17$8$1$${"A".repeat(22)}$${"A".repeat(43)}` };

    it("wants sources of users to be told apart", async () => {
      await assert.rejects(opening({ MNO_ZTG_ISSUERS: [...issuers, another] }), coded("MNO_CONFIG_INVALID", /prefix/));
      const same = [
        { ...another, prefix: "a" },
        { ...another, issuer: "https://third.test", prefix: "a" },
      ];
      await assert.rejects(opening({ MNO_ZTG_ISSUERS: same }), coded("MNO_CONFIG_INVALID", /another source/));
      const local = [{ ...another, prefix: "local" }];
      await assert.rejects(
        opening({ MNO_ZTG_ISSUERS: local, MNO_ZTG_USERS: { a: user } }),
        coded("MNO_CONFIG_INVALID"),
      );
    });

    it("has built-in users on loopback only, unless told otherwise", async () => {
      await assert.rejects(opening({ MNO_ZTG_USERS: { a: user } }, false), coded("MNO_CONFIG_INVALID", /loopback/));
      await (await opening({ MNO_ZTG_USERS: { a: user }, MNO_ZTG_USERS_ANYWHERE: true }, false)).close();
    });

    it("takes no symmetric algorithm and none", async () => {
      for (const algorithms of [["HS256"], ["none"], []]) {
        await assert.rejects(opening({ MNO_ZTG_ISSUERS: [{ ...another, algorithms }] }), coded("MNO_CONFIG_INVALID"));
      }
    });

    it("refuses passwords whose hash is weak or would take all memory", async () => {
      for (const parameters of ["10$8$1", "20$99$1", "17$8$9"]) {
        const password = `scrypt$${parameters}$${"A".repeat(22)}$${"A".repeat(43)}`;
        await assert.rejects(opening({ MNO_ZTG_USERS: { a: { password } } }), coded("MNO_CONFIG_INVALID"));
      }
    });
  });
});
