import { MnoError } from "../../../../exports";
import type { GatewayRequest } from "../../contracts";
import { originOf } from "../dpop";

/** The origins that browsers reach the gateway at. */
export class Origins {
  constructor(readonly all: ReadonlySet<string>) {}

  /** Of this request. Errors: MNO_HOST_REFUSED, for a host that is not ours: redirects and WebAuthn would lead there. */
  of(request: GatewayRequest): string {
    const origin = originOf(request);
    if (this.all.has(origin)) return origin;
    throw new MnoError("MNO_HOST_REFUSED", `The gateway is not reached at ${origin}; MNO_ZTG_PUBLIC_URLS names where`);
  }
}
