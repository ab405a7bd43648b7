/**
 * How the sync controller follows objects: those of the whole cluster together, or those of each namespace that has enabled
 * accounts for itself.
 */
export const watchModes = ['cluster', 'namespaces'] as const
export type WatchMode = (typeof watchModes)[number]
