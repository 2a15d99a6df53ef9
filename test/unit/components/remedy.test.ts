import assert from "node:assert/strict";
import { remedyOf } from "../../../components/failures/remedy";

describe("remedies of failures on Kubernetes", () => {
  const missing = (kind: string, version: string): string =>
    `Verify that any required CRDs have been created: no matches for kind "${kind}" in version "${version}"`;

  it("name the set that has a missing kind, of subgroups, too", () => {
    assert.match(
      remedyOf(missing("PodMonitor", "monitoring.coreos.com/v1")) ?? "",
      /PodMonitor.*"prometheus-operator"/,
    );
    assert.match(remedyOf(missing("Gateway", "networking.istio.io/v1")) ?? "", /"istio"/);
    assert.match(remedyOf(missing("Gateway", "gateway.networking.k8s.io/v1")) ?? "", /"gateway-api"/);
    assert.match(remedyOf(missing("ObjectStore", "barmancloud.cnpg.io/v1")) ?? "", /"barman-cloud"/);
  });

  it("send to the operator for a kind that is not ours, even one whose group ends alike", () => {
    for (const group of ["example.com", "notistio.io"]) {
      const remedy = remedyOf(missing("Thing", `${group}/v1`)) ?? "";
      assert.match(remedy, /Thing.*comes with the operator that serves it/);
      assert.doesNotMatch(remedy, /sources/);
    }
  });

  it("name the webhook, the field, the other manager, or the server", () => {
    assert.match(
      remedyOf('Internal error occurred: failed calling webhook "a.example.com": context deadline exceeded') ?? "",
      /^the webhook a\.example\.com does not answer/,
    );
    assert.match(
      remedyOf('Deployment.apps "web" is invalid: spec.selector: Invalid value: {"app":"x"}: field is immutable') ?? "",
      /^spec\.selector cannot change in place/,
    );
    assert.match(
      remedyOf("rpc error: code = Unavailable desc = error reading from server: EOF") ?? "",
      /etcd went away/,
    );
  });

  it("are silent where the message is all that can be said", () => {
    assert.equal(remedyOf("exceeded quota: compute"), undefined);
  });
});
