/** A duration as both the Gateway API and Istio take it: whole seconds, else whole milliseconds. */
export function duration(seconds: number): string {
  return Number.isInteger(seconds) ? `${String(seconds)}s` : `${String(Math.round(seconds * 1000))}ms`;
}

/** Whether both would take it. https://gateway-api.sigs.k8s.io/geps/gep-2257 */
export function isDuration(seconds: number | undefined): boolean {
  if (seconds === undefined) return true;
  return Number.isInteger(seconds) ? seconds > 0 && seconds <= 99_999 : seconds >= 0.001 && seconds < 99.9995;
}
