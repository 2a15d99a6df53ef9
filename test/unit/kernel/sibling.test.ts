import assert from "node:assert/strict";
import { sibling } from "../../../runtime/kernel/http/sibling";

describe("another engine of the platform", () => {
  it("is in this process unless the configuration names another", () => {
    assert.equal(
      sibling({ MNO_HTTP_HOST: "127.0.0.1", MNO_HTTP_PORT: 4601 }, undefined).baseUrl,
      "http://127.0.0.1:4601",
    );
    assert.equal(sibling({ MNO_HTTP_HOST: "0.0.0.0" }, undefined).baseUrl, "http://127.0.0.1:4600");
    assert.equal(sibling({ MNO_HTTP_HOST: "::1" }, undefined).baseUrl, "http://[::1]:4600");
    assert.equal(sibling({}, "https://keys.mno.svc:4600/").baseUrl, "https://keys.mno.svc:4600");
  });

  it("is called by a name that a certificate can hold where this process serves over TLS", () => {
    const config = { MNO_HTTP_HOST: "0.0.0.0", MNO_HTTP_TLS_CERTIFICATE_FILE: "/etc/tls/tls.crt" };
    assert.equal(sibling(config, undefined).baseUrl, "https://localhost:4600");
  });

  it("is shown the platform's token, where there is one", () => {
    assert.deepEqual(sibling({ MNO_API_TOKEN: "sesame-sesame-16" }, undefined).headers, {
      authorization: "Bearer sesame-sesame-16",
    });
    assert.deepEqual(sibling({}, undefined).headers, {});
  });
});
