/** Kubernetes quantities in their canonical form, as the API server writes them back. */

/** `0.25` -> `250m`; rounded up to a thousandth of a core. */
export function cpuQuantity(cores: number): string {
  const thousandths = Math.ceil(Number((cores * 1000).toFixed(6)));
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${String(thousandths)}m`;
}

const UNITS = [
  ["Ti", 2 ** 40],
  ["Gi", 2 ** 30],
  ["Mi", 2 ** 20],
  ["Ki", 2 ** 10],
] as const;

/** `1073741824` -> `1Gi`; rounded up to a byte. */
export function bytesQuantity(bytes: number): string {
  const whole = Math.ceil(bytes);
  const unit = UNITS.find(([, size]) => whole > 0 && whole % size === 0);
  return unit ? `${String(whole / unit[1])}${unit[0]}` : String(whole);
}
