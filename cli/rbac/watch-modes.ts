/** How the controller watches: everything at once, or each enabled namespace for itself (`sync.watch` of the chart). */
export const watchModes = ['cluster', 'namespaces'] as const
