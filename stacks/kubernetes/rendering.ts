import * as pulumi from "@pulumi/pulumi";

/** Says once, when manifests are rendered instead of applied, what that means for Secrets; the provider names each file. */
export function warnWhenRendering(): void {
  const directory = new pulumi.Config("kubernetes").get("renderYamlToDirectory") ?? "";
  if (directory === "") return;
  void pulumi.log.warn(
    `Nothing is applied to a cluster: manifests are written to ${directory}, every Secret among them in plain text ` +
      "(1-manifest/v1-secret-*.yaml). Commit none of those; docs/gitops.md tells how to seal them.",
  );
}
