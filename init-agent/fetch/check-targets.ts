import type { AgentConfig } from '../../delivery/contract.ts'
import { segmentValues } from '../../delivery/projection/wanted-objects.ts'
import { claimedPaths, pathProblem } from '../../delivery/target-path.ts'
import { isFolder } from '../../keyvault/reference.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'

/**
 * Checks the targets by the webhook's own rules, because the configuration may not come from the webhook.
 *
 * @throws AkvError AKV_CONFIG_INVALID
 */
export function checkTargets(config: AgentConfig): void {
  const { files, finds = [], templates, env, volumes = [] } = config
  if (files.length + finds.length + templates.length + env.length + volumes.length === 0)
    throw invalid('the configuration names nothing to fetch')
  checkPaths(config)
  const repeated = env.find(({ variable }, index) =>
    env.slice(0, index).some((earlier) => earlier.variable === variable),
  )
  if (repeated) throw invalid(`the variable ${repeated.variable} is named twice`)
  if (files.some(({ object, password }) => password !== undefined && object.type !== 'pfx'))
    throw invalid('only "pfx/" writes a key store, which can have a password')
  const values = [...env, ...templates.flatMap(({ segments }) => segmentValues(segments))]
  if (values.some(isFolder) || files.some((file) => file.versions !== undefined && isFolder(file)))
    throw invalid(
      '"tls/" and "#*" write several files, so they cannot be used in env, in a template or with a history',
    )
}

const invalid = (message: string) => new AkvError('AKV_CONFIG_INVALID', message)

/** Each volume is a folder of its own, so paths only conflict with those of the same volume. */
function checkPaths({ files, finds = [], templates, volumes = [] }: AgentConfig): void {
  const pathsIn = (name?: string) =>
    files.filter(({ volume }) => volume === name).flatMap(claimedPaths)
  const wrongPath = pathProblem([...pathsIn(), ...[...finds, ...templates].map(({ path }) => path)])
  if (wrongPath !== undefined) throw invalid(`the path ${wrongPath}`)
  for (const { name } of volumes) {
    const problem = pathProblem(pathsIn(name))
    if (problem !== undefined) throw invalid(`volume ${name}, the path ${problem}`)
  }
}
