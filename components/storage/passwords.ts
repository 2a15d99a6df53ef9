import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** Letters and digits only: fits every configuration file, URL and environment variable without quoting. */
const LENGTH = 40;

/** A random password that stays the same from update to update; a secret. `protect`: it must not be lost, data depends on it. */
export function randomPassword(
  name: string,
  parent: pulumi.Resource,
  options: { protect?: boolean } = {},
): pulumi.Output<string> {
  const password = new random.RandomPassword(name, { length: LENGTH, special: false }, { parent, ...options });
  return pulumi.secret(password.result);
}
