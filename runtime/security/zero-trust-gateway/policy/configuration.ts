import { type Static, type TObject, Type } from "@sinclair/typebox";

/** Configuration of the policy decision point, spread into the gateway's own. */
export const POLICY_KEYS = {
  MNO_ZTG_POLICIES_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        "Folder with *.cedar, and where there are some schema.cedarschema, links.json and entities.json; re-read when it changes",
    }),
  ),
  MNO_ZTG_POLICY_REFRESH_SECONDS: Type.Number({
    minimum: 0.1,
    maximum: 3600,
    default: 2,
    description: "Between two looks for policies and entities that changed in the folder or the database",
  }),
  MNO_ZTG_DECISION_LISTEN: Type.Optional(
    Type.String({
      description: "host:port of the OpenID AuthZEN Authorization API; off without it; port 0 takes a free one",
    }),
  ),
  MNO_ZTG_DECISION_TOKEN: Type.Optional(
    Type.String({
      minLength: 16,
      description: "Bearer token that calls of the AuthZEN API must carry; required off loopback",
    }),
  ),
  MNO_ZTG_DECISION_CERTIFICATE_FILE: Type.Optional(
    Type.String({ minLength: 1, description: "PEM certificates of the AuthZEN API; with its key, it speaks HTTPS" }),
  ),
  MNO_ZTG_DECISION_KEY_FILE: Type.Optional(
    Type.String({ minLength: 1, description: "PEM key of MNO_ZTG_DECISION_CERTIFICATE_FILE" }),
  ),
  MNO_ZTG_DECISION_URL: Type.Optional(
    Type.String({
      format: "uri",
      description:
        "https:// URL under which the AuthZEN API is reached, told by its metadata; by default https://host:port",
    }),
  ),
};

export type PolicyConfiguration = Static<TObject<typeof POLICY_KEYS>>;
