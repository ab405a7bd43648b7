/** The settings of roll-outs (docs/settings.md). */
export interface RolloutSettings {
  /** How often the objects of an account are read. */
  readonly intervalMs: number
  /** How many workloads of the cluster may roll out at the same time. */
  readonly concurrent: number
  /** Between two roll-outs of a workload. */
  readonly minIntervalMs: number
  readonly maxPerDay: number
}
