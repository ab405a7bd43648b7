/**
 * How a run is likely to go. Keys that are slow or hang, or that we know nothing about yet, must not take the slots of keys that
 * work. The runs of a slow key have to wait for CPU time.
 */
export type Outlook = 'slow' | 'failing' | 'unknown' | 'good'

export interface NextRun {
  readonly afterMs: number
  readonly outlook: Outlook
}

/** In ascending order: each makes room for those after it. */
export const outlooks: readonly Outlook[] = ['slow', 'failing', 'unknown', 'good']
