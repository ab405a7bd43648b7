import type { Source } from '../../requests/source/source.ts'

/** What a round does for one of the requested Secrets. */
export interface SecretTurn {
  /**
   * `fetch`: asks the vault for all of its values; `retry`: only for those that failed; `adopt`: makes it ours with the values that
   * it has; `rest`: nothing.
   */
  readonly kind: 'fetch' | 'retry' | 'adopt' | 'rest'
  /** Of a Secret with a schedule of its own. */
  readonly scheduled?: ScheduledTurn
}

/** What the next round has to know of a Secret with a schedule of its own. */
export interface ScheduledTurn {
  /** Absent if its values have never been fetched, as far as we know. */
  readonly attempt: Attempt | undefined
  /** When its turn has to be decided again. Boot time. */
  readonly nextAtMs: number
  /** When we last saw whether the Secret exists. Boot time. */
  readonly lookedAtMs: number | undefined
}

/** A fetch of a source's values, whether it succeeded or not. */
export interface Attempt {
  readonly source: Source
  /** Boot time. */
  readonly atMs: number
}

/** By the name of the Secret. */
export type SecretTurns = ReadonlyMap<string, SecretTurn>
