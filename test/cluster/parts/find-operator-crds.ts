import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { KubeObject } from '../client/api.ts'
import { cacheFolder, type FindPartsOptions } from './find-parts.ts'
import { goDownload, goProblem } from './go-build.ts'

/** The Go modules that have the CRDs, and the hashes of their files, as a go.sum would have them. */
export const operators = {
  'prometheus-operator': {
    title: 'the Prometheus operator',
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    folder: 'example/prometheus-operator-crd',
    files: ['podmonitors', 'servicemonitors', 'prometheusrules'].map(
      (name) => `monitoring.coreos.com_${name}.yaml`,
    ),
  },
  'external-secrets': {
    title: 'the External Secrets Operator',
    module: 'github.com/external-secrets/external-secrets',
    // The last one that Go accepts: later tags lack the suffix that it expects of a second major version.
    version: 'v1.3.2',
    sum: 'h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=',
    folder: 'config/crds/bases',
    files: ['externalsecrets', 'secretstores', 'clustersecretstores'].map(
      (name) => `external-secrets.io_${name}.yaml`,
    ),
  },
} as const

export type Operator = keyof typeof operators

/** Looks for an operator's CRDs in our cache, and else downloads them into the cache with Go. */
export async function findOperatorCrds(
  operator: Operator,
  { env }: Pick<FindPartsOptions, 'env'>,
): Promise<Parsed<readonly KubeObject[]>> {
  const { title, version, files } = operators[operator]
  const folder = join(dirname(cacheFolder(env, 'kubernetes')), `${operator}-${version}`)
  if (!existsSync(folder)) {
    const missing = await goProblem(env)
    const problem = missing
      ? `${missing}. Install Go 1.21 or later`
      : await download(operator, { folder, env })
    if (problem) return invalid(`the CRDs of ${title} can't be had: ${problem}`)
  }
  return valid(files.map((file) => parse(readFileSync(join(folder, file), 'utf8'))))
}

/** The folder gets its name when all files are in it. */
async function download(
  operator: Operator,
  { folder, env }: Pick<FindPartsOptions, 'env'> & { readonly folder: string },
): Promise<string | undefined> {
  const { module, version, sum, files, folder: within } = operators[operator]
  const downloaded = await goDownload(`${module}@${version}`, env)
  if (downloaded.kind === 'invalid') return downloaded.problem
  const { Dir, Sum } = downloaded.value
  if (Sum !== sum) return `${module}@${version} has the hash ${Sum} instead of ${sum}`
  const unfinished = `${folder}-${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    for (const file of files) copyFileSync(join(Dir, within, file), join(unfinished, file))
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return undefined
}
