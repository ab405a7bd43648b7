import { parseArgs } from 'node:util'
import { type KubernetesVersion, kubernetesVersions } from './parts/kubernetes-versions.ts'

/** The arguments of `npm run cluster:test`. */
export interface ClusterTestArguments {
  /** Whether to fail, rather than skip the tests, if there can be no cluster. */
  readonly required: boolean
  /** The version of a local cluster. Absent: the default. */
  readonly kubernetes?: KubernetesVersion
  /** Whether containers wait for refreshing agents at a gate, instead of a startup probe. */
  readonly fastStart: boolean
  readonly files: readonly string[]
  /** Options for a program that isn't a test. */
  readonly others: readonly string[]
}

/** @throws Error if the version can't be built */
export function readArguments(args: readonly string[]): ClusterTestArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      required: { type: 'boolean' },
      kubernetes: { type: 'string' },
      'fast-start': { type: 'boolean' },
    },
    allowPositionals: true,
    strict: false,
  })
  const { required, kubernetes, 'fast-start': fastStart, ...others } = values
  const version = kubernetesVersions.find((version) => version === kubernetes)
  if (kubernetes !== undefined && version === undefined)
    throw new Error(`--kubernetes takes one of ${kubernetesVersions.join(', ')}`)
  return {
    required: required === true,
    fastStart: fastStart === true,
    ...(version && { kubernetes: version }),
    files: positionals,
    others: Object.entries(others).map(([name, value]) =>
      value === true ? `--${name}` : `--${name}=${value}`,
    ),
  }
}
