import assert from "node:assert/strict";
import { BlockList } from "node:net";
import fc from "fast-check";
import { chooseOctet, networkOf } from "../../../tools/cluster/network";

describe("the test cluster's addresses", () => {
  it("keeps pods, services and the link in one range without overlap", () => {
    const network = networkOf(173);
    const within = (cidr: string, address: string): boolean => {
      const [base = "", prefix] = cidr.split("/");
      const list = new BlockList();
      list.addSubnet(base, Number(prefix));
      return list.check(address);
    };
    for (const address of [network.node, network.host, network.dns, network.kubernetes]) {
      assert.ok(within(network.range, address), address);
      assert.ok(!within(network.pods, address), address);
    }
    for (const address of [network.dns, network.kubernetes]) assert.ok(within(network.services, address), address);
    for (const address of [network.node, network.host]) assert.ok(!within(network.services, address), address);
    assert.ok(network.link.length <= 15, "longer names are refused by the kernel");
  });

  it("gives a folder the same range every time, and never one that the host has", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.integer({ min: 160, max: 249 }), { maxLength: 89 }),
        (folder, taken) => {
          const routes = taken.map((octet) => `10.${String(octet)}.0.0/16`);
          const octet = chooseOctet(folder, routes);
          assert.ok(octet !== undefined && octet >= 160 && octet < 250 && !taken.includes(octet));
          assert.equal(chooseOctet(folder, routes), octet);
        },
      ),
    );
  });

  it("says when none is left", () => {
    const all = Array.from({ length: 90 }, (_, index) => `10.${String(160 + index)}.255.1`);
    assert.equal(chooseOctet("/state", all), undefined);
  });
});
