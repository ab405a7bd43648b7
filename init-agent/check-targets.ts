import { AkvError } from '../lib/errors/akv-error.ts'
import type { AgentConfig, WantedValue } from './contract.ts'
import { segmentValues } from './projection/wanted-objects.ts'
import { claimedPaths, pathProblem } from './target-path.ts'

/**
 * Nobody but the webhook is known to have written the configuration: what it refuses is refused here too.
 *
 * @throws AkvError AKV_CONFIG_INVALID
 */
export function checkTargets({ files, templates, env }: AgentConfig): void {
  const problem = (message: string) => new AkvError({ code: 'AKV_CONFIG_INVALID', message })
  if (files.length + templates.length + env.length === 0)
    throw problem('the configuration names nothing to fetch')
  const paths = [...files.flatMap(claimedPaths), ...templates.map(({ path }) => path)]
  const wrongPath = pathProblem(paths)
  if (wrongPath !== undefined) throw problem(`the path ${wrongPath}`)
  const twice = env.find(({ variable }, at) =>
    env.some((other, otherAt) => otherAt < at && other.variable === variable),
  )
  if (twice) throw problem(`the variable ${twice.variable} is named twice`)
  const values = [...env, ...templates.flatMap(({ segments }) => segmentValues(segments))]
  if (values.some(isFolder) || files.some((file) => file.versions !== undefined && isFolder(file)))
    throw problem(
      '"tls/" and "#*" give several files, so they are not possible in env, in a template or with a history',
    )
}

const isFolder = ({ object, property }: WantedValue): boolean =>
  object.type === 'tls' || property === '*'
