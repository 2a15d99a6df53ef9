import { createProxy, type Proxy } from "../../../runtime/scalability/global-load-balancer/proxy";
import type { UpstreamInput } from "../../../runtime/scalability/global-load-balancer/spec";
import { answerParent } from "./messages";

let proxy: Proxy | undefined;

/** Our data plane, alone in a process. */
answerParent({
  async open({ upstream }: { upstream: UpstreamInput }) {
    proxy = await createProxy({ listen: "127.0.0.1:0", upstreams: [upstream] });
    return proxy.port;
  },
  apply: async ({ upstream }: { upstream: UpstreamInput }) => void proxy!.apply(upstream),
});
