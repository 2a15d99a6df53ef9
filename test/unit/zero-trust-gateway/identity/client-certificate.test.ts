import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientCertificateOf } from "../../../../runtime/security/zero-trust-gateway/identity/client-certificate";
import { trustDomainOf } from "../../../../runtime/security/zero-trust-gateway/identity/spiffe";
import { parseForwardedCertificates } from "../../../../runtime/security/zero-trust-gateway/identity/xfcc";

const HASH = "468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688";
const WEB = "spiffe://cluster.local/ns/shop/sa/web";
const ADMIN = "spiffe://cluster.local/ns/ops/sa/admin";
const thumbprint = Buffer.from(HASH, "hex").toString("base64url");

/** DER of a self-signed certificate with these alternative names. */
function certificate(names: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "mno-certificate-"));
  try {
    const file = join(folder, "cert.der");
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", join(folder, "key")];
    const extension = ["-addext", `subjectAltName=${names}`];
    const args = [
      "req",
      "-x509",
      ...key,
      "-subj",
      "/CN=web",
      "-days",
      "1",
      ...extension,
      "-outform",
      "DER",
      "-out",
      file,
    ];
    execFileSync("openssl", args, { stdio: "pipe" });
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("zero-trust gateway: certificates of clients", () => {
  const forwarded = (...headers: string[]) => clientCertificateOf({ forwarded: headers, fromTrustedProxy: true });

  it("reads Envoy's own examples", () => {
    // https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
    const by = "By=http://frontend.lyft.com";
    assert.deepEqual(parseForwardedCertificates(`${by};Hash=${HASH};URI=http://testclient.lyft.com`), [
      { hash: HASH, uris: ["http://testclient.lyft.com"] },
    ]);
    const subject = `Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client"`;
    assert.deepEqual(parseForwardedCertificates(`${by};Hash=${HASH};${subject};URI=http://testclient.lyft.com`), [
      { hash: HASH, uris: ["http://testclient.lyft.com"] },
    ]);
    const two = `${by};Hash=${HASH};URI=http://a.lyft.com,By=http://backend.lyft.com;Hash=${HASH};URI=http://b.lyft.com;DNS=x`;
    assert.deepEqual(
      parseForwardedCertificates(two)?.map(({ uris }) => uris),
      [["http://a.lyft.com"], ["http://b.lyft.com"]],
    );
  });

  it("takes the account of the nearest proxy", () => {
    const header = `By=x;Hash=${"0".repeat(64)};URI=${ADMIN},By=y;Hash=${HASH};Subject="";URI=${WEB}`;
    assert.deepEqual(forwarded(header), { certificateThumbprint: thumbprint, spiffeId: WEB });
  });

  const SPOOFS: Record<string, string[]> = {
    "two headers": [`Hash=${HASH};URI=${ADMIN}`, `Hash=${HASH};URI=${WEB}`],
    "two names in one element": [`Hash=${HASH};URI=${ADMIN};URI=${WEB}`],
    "a name inside a quoted subject": [`Hash=${HASH};Subject="CN=x;URI=${ADMIN}"`],
    "a name behind an escaped quote": [`Hash=${HASH};Subject="CN=\\";URI=${ADMIN}`],
    "an open quote": [`Hash=${HASH};URI=${WEB};Subject="x`],
    "text behind a quote": [`Subject="x"y;URI=${ADMIN}`],
    "a quote within a value": [`URI=${ADMIN}"`],
    "an equals sign within a value": [`URI=${ADMIN}=x`],
    "an element without a pair": [`URI=${ADMIN},`],
    "a pair without a key": [`=x;URI=${ADMIN}`],
    "no pair": [ADMIN],
    "a space in the id": [`URI=${ADMIN} x`],
    "dots in the path": [`URI=spiffe://cluster.local/ns/../admin`],
    "a trust domain in capitals": [`URI=spiffe://CLUSTER.local/ns/x`],
    "an encoded path": [`URI=spiffe://cluster.local/ns/%61dmin`],
    "a port": [`URI=spiffe://cluster.local:443/ns/x`],
    "a user": [`URI=spiffe://evil@cluster.local/ns/x`],
    "a query": [`URI=spiffe://cluster.local/ns/x?y`],
    "an empty path": [`URI=spiffe://cluster.local`],
    "a slash behind": [`URI=spiffe://cluster.local/ns/`],
    "an endless header": [`Subject="${"x".repeat(20_000)}";URI=${ADMIN}`],
    nothing: [""],
  };
  for (const [name, headers] of Object.entries(SPOOFS)) {
    it(`takes nobody from ${name}`, () => assert.equal(forwarded(...headers).spiffeId, undefined));
  }

  it("believes the header of trusted proxies only, whose own certificate is not the client's", function () {
    this.timeout(10_000);
    const verified = certificate(`URI:${WEB}`);
    const headers = [`Hash=${HASH};URI=${ADMIN}`];
    const own = { certificateThumbprint: createHash("sha256").update(verified).digest("base64url"), spiffeId: WEB };
    assert.deepEqual(clientCertificateOf({ verified, forwarded: headers, fromTrustedProxy: false }), own);
    assert.deepEqual(clientCertificateOf({ forwarded: headers, fromTrustedProxy: false }), {});
    assert.deepEqual(clientCertificateOf({ verified, fromTrustedProxy: true }), {});
  });

  it("takes no name out of a certificate with several, or with one that only looks so", function () {
    this.timeout(10_000);
    for (const names of [`URI:${WEB},URI:${ADMIN}`, `DNS:x`, `URI:http://x.test`, `email:x@y.test`]) {
      assert.equal(
        clientCertificateOf({ verified: certificate(names), fromTrustedProxy: false }).spiffeId,
        undefined,
        names,
      );
    }
    const mixed = certificate(`DNS:web.test,URI:${WEB},IP:127.0.0.1`);
    assert.equal(clientCertificateOf({ verified: mixed, fromTrustedProxy: false }).spiffeId, WEB);
  });

  it("reads trust domains", () => {
    assert.equal(trustDomainOf(WEB), "cluster.local");
    assert.equal(trustDomainOf(`spiffe://a/${"x".repeat(2048)}`), undefined);
  });
});
