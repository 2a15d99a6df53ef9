/** Instance families: which one a type is of, which are of an old generation, which have accelerators. */
import type { Provider } from "./factors";

/** What the providers themselves list as previous generations, or have announced the end of. */
export const OLD_FAMILIES: Readonly<Record<Provider, readonly string[]>> = {
  aws: [
    ...["t1", "t2", "m1", "m2", "m3", "m4", "c1", "c3", "c4", "cc2", "cr1", "r3", "r4", "x1", "x1e"],
    ...["i2", "i3", "d2", "h1", "hs1", "g2", "g3", "g3s", "p2", "a1"],
  ],
  gcp: ["f1", "g1", "n1"],
  azure: ["a", "a_v2", "d", "ds", "d_v2", "ds_v2", "f", "fs", "g", "gs", "h", "ls"],
};

/** Graphics, training, inference, video and programmable logic. */
export const ACCELERATED_FAMILY: Readonly<Record<Provider, RegExp>> = {
  aws: /^(?:p|g|gr|inf|trn|dl|vt|f)\d/,
  gcp: /^(?:a[2-9]|g[2-9]|ct\d\w*)$/,
  azure: /^n[cdgpv]/,
};

/** `m5` of m5.large, `n2d` of n2d-standard-4, `ds_v3` of Standard_D2s_v3: what does not depend on the size. */
export function familyOf(provider: Provider, type: string): string {
  switch (provider) {
    case "aws":
      return type.split(".")[0]!;
    case "gcp":
      return type.split("-")[0]!;
    case "azure":
      return type
        .toLowerCase()
        .replace(/^(?:standard|basic)_/, "")
        .replace(/\d+(?:-\d+)?/, "");
  }
}
