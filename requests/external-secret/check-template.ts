import { neededKeys } from '../../delivery/go-template/needed-keys.ts'
import { parseGoTemplate } from '../../delivery/go-template/parse/parse.ts'
import { type Parsed, valid } from '../../lib/problems/parsed.ts'

/** The keys that a template needs. Invalid if it has a mistake. */
export type CheckedTemplate = Parsed<ReadonlySet<string>>

/** By the texts of the templates. */
export type CheckedTemplates = ReadonlyMap<string, CheckedTemplate>

/** More templates than any Secret should need; each refresh renders all of them. */
export const maxTemplates = 500

/** Only the keys are kept: a parsed template takes much more memory than its text. */
export function checkTemplate(text: string): CheckedTemplate {
  const parsed = parseGoTemplate(text)
  return parsed.kind === 'valid' ? valid(neededKeys(parsed.value)) : parsed
}
