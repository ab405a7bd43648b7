import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { reasonOf } from '../../../lib/reason-of.ts'
import type { TeamDefaults } from '../policy.ts'
import { parseTeamDefaults } from './team-defaults.ts'

/** Reads the file of defaults that a setting names. */
export function readTeamDefaults(
  path: string,
  readFile: (path: string) => string,
): Parsed<TeamDefaults> {
  let text: string
  try {
    text = readFile(path)
  } catch (error) {
    return invalid(`the file cannot be read: ${reasonOf(error)}`)
  }
  const parsed = parseTeamDefaults(text)
  return parsed.kind === 'valid' ? valid(parsed.value) : invalid(parsed.problems.join('; '))
}
