/** The scalability fabric: each engine, and the cache beneath them, beside its peers. */
export const parts = ["packing", "autoscaling", "balancer", "pools", "optimizer", "cache"] as const;
