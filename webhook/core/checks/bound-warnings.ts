import { agentName } from '../model/our-names.ts'

/** The API server truncates a longer warning, and drops warnings beyond a total of 4,096 characters (`warning.Recorder`). */
const maxCharacters = 256
const maxWarnings = 16

/** Keeps as many warnings as the API server would show, and adds one that counts the others. */
export function boundWarnings(warnings: readonly string[]): readonly string[] {
  const distinct = [...new Set(warnings)]
  const cut = (warning: string) =>
    warning.length > maxCharacters
      ? `${warning.slice(0, maxCharacters - 1).toWellFormed()}…`
      : warning
  if (distinct.length <= maxWarnings) return distinct.map(cut)
  const shown = distinct.slice(0, maxWarnings - 1)
  return [...shown.map(cut), `${agentName}: ${distinct.length - shown.length} more warnings`]
}
