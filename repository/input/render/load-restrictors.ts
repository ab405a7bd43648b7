/**
 * The values of kustomize's `--load-restrictor`. By default, it loads only files of the folder that it renders, and of the folders
 * that this one refers to.
 */
export const loadRestrictors = ['LoadRestrictionsRootOnly', 'LoadRestrictionsNone'] as const

export type LoadRestrictor = (typeof loadRestrictors)[number]

/** Kustomize may load files from anywhere. */
export const anyFile: LoadRestrictor = 'LoadRestrictionsNone'
