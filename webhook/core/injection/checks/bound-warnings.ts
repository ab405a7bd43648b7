import { agentName } from '../../our-names.ts'

/** The API server cuts a longer warning, and drops those beyond 4,096 characters together (its `warning.Recorder`). */
const maxCharacters = 256
const maxWarnings = 16

/** Keeps what the API server would show, and says how many warnings it leaves out. */
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
