/** The forms in which `check` prints its report. The command line lists them before it loads any of them. */
export const outputForms = ['text', 'json', 'github', 'sarif'] as const

export type OutputForm = (typeof outputForms)[number]
