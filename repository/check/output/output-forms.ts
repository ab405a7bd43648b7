/** The output formats of `check`. The command line lists them without loading their code. */
export const outputForms = ['text', 'json', 'github', 'sarif'] as const

export type OutputForm = (typeof outputForms)[number]
