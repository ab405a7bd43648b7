import { parseArgs } from 'node:util'
import { type KubernetesVersion, kubernetesVersions } from './parts/kubernetes-versions.ts'

/** The arguments of `npm run cluster:test`. */
export interface ClusterTestArguments {
  /** Whether to fail, rather than skip the tests, if there can be no cluster. */
  readonly required: boolean
  /** The version of a local cluster. Absent: the default. */
  readonly kubernetes?: KubernetesVersion
  readonly files: readonly string[]
  /** Options for a program that isn't a test. */
  readonly others: readonly string[]
}

/** @throws Error if the version can't be built */
export function readArguments(args: readonly string[]): ClusterTestArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { required: { type: 'boolean' }, kubernetes: { type: 'string' } },
    allowPositionals: true,
    strict: false,
  })
  const { required, kubernetes, ...others } = values
  const version = kubernetesVersions.find((version) => version === kubernetes)
  if (kubernetes !== undefined && version === undefined)
    throw new Error(`--kubernetes takes one of ${kubernetesVersions.join(', ')}`)
  return {
    required: required === true,
    ...(version && { kubernetes: version }),
    files: positionals,
    others: Object.entries(others).map(([name, value]) =>
      value === true ? `--${name}` : `--${name}=${value}`,
    ),
  }
}
