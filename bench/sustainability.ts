/** The sustainability fabric: each engine beside published figures and its peers. */
export const parts = ["carbon-monitor", "green-scheduler", "energy", "reporter"] as const;
