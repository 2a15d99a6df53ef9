import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { Front } from "../../../runtime/kernel/http/front";
import { followRenewals, readTls, TLS_GROUPS, type TlsFiles } from "../../../runtime/kernel/http/tls";
import { makeServerCertificate } from "../../support/server-certificate";

interface Handshake {
  protocol: string | null;
  /** Name of the key exchange, as the client's OpenSSL tells it. */
  group: string;
  serial: string;
}

function shake(port: number, options: ConnectionOptions = {}): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options }, () => {
      const { name = "" } = socket.getEphemeralKeyInfo() as { name?: string };
      resolve({ protocol: socket.getProtocol(), group: name, serial: socket.getPeerCertificate().serialNumber });
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("TLS of the HTTP API", () => {
  const folder = mkdtempSync(join(tmpdir(), "mno-tls-"));
  const files: TlsFiles = { certificateFile: join(folder, "tls.crt"), keyFile: join(folder, "tls.key") };
  const issue = (): void => {
    const { certificate, key } = makeServerCertificate();
    writeFileSync(files.certificateFile, certificate);
    writeFileSync(files.keyFile, key);
  };
  let front: Front;
  let url: URL;

  before(async () => {
    issue();
    const routes = { "/hello": async () => ({ status: 200, contentType: "text/plain", body: "hello" }) };
    front = new Front(routes, { tls: files });
    url = new URL(await front.listen("127.0.0.1", 0));
  });
  after(async () => {
    await front.close(100);
    rmSync(folder, { recursive: true });
  });

  const port = (): number => Number(url.port);

  it("agrees on a key by X25519MLKEM768 with a client that has no wishes of its own", async () => {
    assert.equal(url.protocol, "https:");
    const { group, protocol } = await shake(port());
    assert.deepEqual({ group, protocol }, { group: "X25519MLKEM768", protocol: "TLSv1.3" });
  });

  it("agrees by X25519 with a client that knows nothing else, and by no curve outside the list", async () => {
    assert.equal((await shake(port(), { ecdhCurve: "X25519" })).group, "X25519");
    await assert.rejects(shake(port(), { ecdhCurve: "P-521" }), /handshake failure|alert/i);
    assert.ok(TLS_GROUPS.startsWith("X25519MLKEM768:"));
  });

  it("speaks no TLS before 1.3, and no plain HTTP", async () => {
    await assert.rejects(shake(port(), { maxVersion: "TLSv1.2" }), /protocol version|alert/i);
    await assert.rejects(fetch(`http://127.0.0.1:${url.port}/hello`));
  });

  it("answers a client that trusts its certificate", async () => {
    const body = await new Promise<string>((resolve, reject) => {
      https
        .get(new URL("/hello", url), { ca: readFileSync(files.certificateFile) }, (response) => {
          response.setEncoding("utf8").on("data", resolve);
        })
        .on("error", reject);
    });
    assert.equal(body, "hello");
  });

  it("puts a renewed certificate to use, and keeps the old one where the new pair is none", async () => {
    const server = https.createServer(readTls(files), (_request, response) => response.end());
    const faults: unknown[] = [];
    // The watcher's own timing is the platform's: what it calls is what is tested.
    const changed = new Map<string, () => void>();
    const stop = followRenewals(server, files, (error) => faults.push(error), {
      watch: (path, renew) => changed.set(path, renew),
      unwatch: (path) => changed.delete(path),
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port: own } = server.address() as { port: number };
    const first = (await shake(own)).serial;

    issue();
    changed.get(files.certificateFile)?.();
    const second = (await shake(own)).serial;
    assert.notEqual(second, first);

    const key = readFileSync(files.keyFile);
    issue();
    writeFileSync(files.keyFile, key);
    changed.get(files.keyFile)?.();
    assert.equal((await shake(own)).serial, second);
    assert.match(String(faults[0]), /must be a certificate and its private key/);
    assert.ok(!String(faults[0]).includes("BEGIN"));

    stop();
    assert.equal(changed.size, 0);
    server.close();
  });

  it("names the file that is missing or wrong", () => {
    const missing = { ...files, keyFile: join(folder, "absent.key") };
    assert.throws(() => readTls(missing), { code: "MNO_CONFIG_INVALID", message: /absent\.key cannot be read/ });
    const swapped = { certificateFile: files.keyFile, keyFile: files.certificateFile };
    assert.throws(() => readTls(swapped), { code: "MNO_CONFIG_INVALID" });
  });
});
