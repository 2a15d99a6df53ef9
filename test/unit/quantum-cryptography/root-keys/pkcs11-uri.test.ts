import assert from "node:assert/strict";
import fc from "fast-check";
import { MnoError } from "../../../../runtime/exports";
import { parsePkcs11Uri } from "../../../../runtime/security/quantum-cryptography/root-keys/pkcs11-uri";

describe("PKCS#11 URI", () => {
  it("names token, key, library and the file of the PIN", () => {
    assert.deepEqual(
      parsePkcs11Uri("pkcs11:token=My%20HSM;object=root?module-path=/usr/lib/x.so&pin-source=file:///run/secrets/pin"),
      { token: "My HSM", object: "root", modulePath: "/usr/lib/x.so", pinFile: "/run/secrets/pin" },
    );
  });

  const WRONG: [string, RegExp][] = [
    ["", /token is missing.*object is missing.*module-path is missing.*pin-source is missing/],
    ["pkcs11:token=t;object=o?module-path=/x.so&pin-value=1234", /pin-value would show the PIN/],
    ["pkcs11:token=t;token=u;object=o?module-path=/x.so&pin-source=file:/p", /token is there twice/],
    ["pkcs11:token=t;object=o;slot-id=3?module-path=/x.so&pin-source=file:/p", /slot-id is not known in its path/],
    ["pkcs11:token=t;object=o?module-path=/x.so&pin-source=|/bin/pin", /pin-source must be a file/],
    ["pkcs11:token=%zz;object=o?module-path=/x.so&pin-source=file:/p", /token is missing/],
  ];
  for (const [uri, fault] of WRONG) {
    it(`says what is wrong with ${uri === "" ? "nothing at all" : uri}`, () => {
      assert.throws(() => parsePkcs11Uri(uri), { code: "MNO_CONFIG_INVALID", message: fault });
    });
  }

  it("never shows the PIN that somebody wrote into it", () => {
    try {
      parsePkcs11Uri("pkcs11:token=t;object=o?pin-value=98765");
      assert.fail();
    } catch (error) {
      assert.ok(!(error as Error).message.includes("98765"));
    }
  });

  it("reads or refuses whatever it is given", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parsePkcs11Uri(`pkcs11:${text}`);
        } catch (error) {
          assert.ok(error instanceof MnoError && error.code === "MNO_CONFIG_INVALID");
        }
      }),
    );
  });
});
