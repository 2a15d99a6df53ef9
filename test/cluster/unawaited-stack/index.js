const pulumi = require("@pulumi/pulumi");

pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
  if (!type.startsWith("kubernetes:")) return undefined;
  const annotations = pulumi
    .output(props.metadata)
    .apply((metadata) => ({ ...metadata?.annotations, "pulumi.com/skipAwait": "true" }));
  return { props: { ...props, metadata: { ...props.metadata, annotations } }, opts };
});

module.exports = require("../../../dist/stacks");
