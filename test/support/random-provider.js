"use strict";
// Stands in for the vendor's `random` provider where its plugin cannot be had: passwords only, attached by
// PULUMI_DEBUG_PROVIDERS. Prints its port, serves until it is killed.
const { randomBytes } = require("node:crypto");
const { provider } = require("@pulumi/pulumi");

const PASSWORD = "random:index/randomPassword:RandomPassword";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

class Random {
  version = "4.21.2";

  async check(_urn, _olds, inputs) {
    return { inputs };
  }

  async diff(_id, _urn, olds, inputs) {
    const changed = ["length", "special", "keepers"].filter(
      (key) => JSON.stringify(olds[key]) !== JSON.stringify(inputs[key]),
    );
    return { changes: changed.length > 0, replaces: changed };
  }

  async create(urn, inputs) {
    if (!urn.includes(PASSWORD)) throw new Error(`this stand-in makes ${PASSWORD} only, not ${urn}`);
    const result = Array.from(randomBytes(inputs.length), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
    return { id: "none", outs: { ...inputs, result, bcryptHash: "" } };
  }

  async read(id, _urn, props) {
    return { id, props };
  }

  async update() {
    throw new Error("a password is replaced, never changed");
  }

  async delete() {}
}

void provider.main(new Random(), process.argv.slice(2));
