import { AkvError } from '../lib/errors/akv-error.ts'
import type { AgentConfig, WantedValue } from './contract.ts'
import { segmentValues } from './projection/wanted-objects.ts'
import { claimedPaths, pathProblem } from './target-path.ts'

/**
 * Checks the targets by the webhook's own rules, because the configuration may not come from the webhook.
 *
 * @throws AkvError AKV_CONFIG_INVALID
 */
export function checkTargets({ files, templates, env }: AgentConfig): void {
  const invalid = (message: string) => new AkvError({ code: 'AKV_CONFIG_INVALID', message })
  if (files.length + templates.length + env.length === 0)
    throw invalid('the configuration names nothing to fetch')
  const paths = [...files.flatMap(claimedPaths), ...templates.map(({ path }) => path)]
  const wrongPath = pathProblem(paths)
  if (wrongPath !== undefined) throw invalid(`the path ${wrongPath}`)
  const repeated = env.find(({ variable }, index) =>
    env.slice(0, index).some((earlier) => earlier.variable === variable),
  )
  if (repeated) throw invalid(`the variable ${repeated.variable} is named twice`)
  const values = [...env, ...templates.flatMap(({ segments }) => segmentValues(segments))]
  if (
    values.some(hasSeveralFiles) ||
    files.some((file) => file.versions !== undefined && hasSeveralFiles(file))
  )
    throw invalid(
      '"tls/" and "#*" give several files, so they are not possible in env, in a template or with a history',
    )
}

const hasSeveralFiles = ({ object, property }: WantedValue): boolean =>
  object.type === 'tls' || property === '*'
