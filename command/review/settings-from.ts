import { readFileSync } from 'node:fs'
import { describeProblems } from '../../lib/problems/problem.ts'
import { readSettings, type Settings } from '../../requests/administrator/settings/read-settings.ts'
import { InputError } from '../input-error.ts'

/** The agent's image in the output of `inject` if the administrator hasn't set one. A real webhook requires it. */
export const placeholderImage = 'akv-injector:unset'

/**
 * Reads the administrator's settings as the webhook does.
 *
 * @throws InputError with every invalid setting
 */
export function settingsFrom(env: NodeJS.ProcessEnv): Settings {
  const read = readSettings({
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    agentImage: placeholderImage,
  })
  if (read.kind === 'valid') return read.value
  throw new InputError('invalid settings in the environment', describeProblems(read.problems))
}
