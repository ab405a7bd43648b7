/** How a run is likely to go. Keys that hang, or that we know nothing about yet, must not take the places of keys that work. */
export type Outlook = 'failing' | 'unknown' | 'good'

export interface NextRun {
  readonly afterMs: number
  readonly outlook: Outlook
}

/** In ascending order: each makes room for those after it. */
export const outlooks: readonly Outlook[] = ['failing', 'unknown', 'good']
