import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { placeholderRepository } from '../../../../image/placeholder-repository.ts'
import type { Api } from '../../client/api.ts'
import { expectSuccess } from '../../client/expect-success.ts'

const namespace = 'akv-injector'
const release = 'akv-injector'
/** The image of the tests' install. */
const image = { repository: placeholderRepository }

export interface HelmUpgradeOptions {
  readonly env?: Readonly<NodeJS.ProcessEnv>
  /** More arguments, such as `--wait`. */
  readonly args?: readonly string[]
  /** The folder of another chart. */
  readonly chart?: string
}

const ownChart = join(import.meta.dirname, '../../../../manifests/chart')

/**
 * Upgrades an install that isn't Helm's, such as that of the tests, with these values.
 *
 * @throws Error with the output of Helm
 */
export function helmUpgrade(values: object, options: HelmUpgradeOptions = {}): void {
  const { env = process.env, args = [], chart = ownChart } = options
  const { status, stderr } = spawnSync(
    env['HELM'] ?? 'helm',
    [
      ...['upgrade', '--install', release, chart],
      ...['--namespace', namespace, '--take-ownership', '--values', '-'],
      ...args,
    ],
    { env, encoding: 'utf8', input: JSON.stringify({ image, ...values }) },
  )
  if (status !== 0) throw new Error(stderr)
}

/** Makes Helm forget its release, and leaves the objects of the release in the cluster. */
export async function forgetRelease(api: Api): Promise<void> {
  const query = { labelSelector: `owner=helm,name=${release}` }
  const path = `/api/v1/namespaces/${namespace}/secrets`
  expectSuccess(await api.call({ method: 'DELETE', path, query }))
}
