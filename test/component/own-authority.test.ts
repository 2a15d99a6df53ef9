import assert from "node:assert/strict";
import { ownAuthority } from "../../stacks/kubernetes/certificates";
import { serverCertificate } from "../../components/storage/tls";
import { ComponentResource } from "@pulumi/pulumi";
import { objectNamed } from "../support/kubernetes-objects";
import { record } from "../support/recording-monitor";

describe("the platform's own certificate authority", () => {
  it("outlives what it signs and keeps its key, so that a renewal breaks no trust", async () => {
    const recording = await record(() => {
      const parent = new ComponentResource("test:index:Owner", "owner");
      const issuer = ownAuthority("shop", { dependsOn: [] });
      void serverCertificate({
        name: "events",
        namespace: "shop",
        tls: { issuer },
        dnsNames: ["events.shop.svc"],
        parent,
      });
    });
    const authority = objectNamed(recording, "Certificate", "platform-authority").spec;
    const signed = objectNamed(recording, "Certificate", "events").spec;
    const hours = (text: string): number => Number(text.replace("h", ""));
    // Renewed when two thirds are over, it has a third left, in which what it signs on the last day must end.
    assert.ok(hours(authority.duration) / 3 > hours(signed.duration));
    assert.equal(authority.privateKey.rotationPolicy, "Never");
  });
});
