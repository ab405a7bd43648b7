import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import type { KubeObject } from '../client/api.ts'
import { cacheFolder, type FindPartsOptions } from './find-parts.ts'
import { goDownload, goProblem } from './go-build.ts'

/** The Go module that has the CRDs, and the hash of its files, as a go.sum would have it. */
const module = 'github.com/prometheus-operator/prometheus-operator'
const version = 'v0.85.0'
export const moduleSum = 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s='

const files = ['podmonitors', 'servicemonitors', 'prometheusrules'].map(
  (name) => `monitoring.coreos.com_${name}.yaml`,
)

/** Looks for the Prometheus operator's CRDs in our cache, and else downloads them into the cache with Go. */
export async function findOperatorCrds(
  options: Pick<FindPartsOptions, 'env'>,
): Promise<Parsed<readonly KubeObject[]>> {
  const { env } = options
  const folder = join(dirname(cacheFolder(env, 'kubernetes')), `prometheus-operator-${version}`)
  if (!existsSync(folder)) {
    const missing = await goProblem(env)
    const problem = missing ? `${missing}. Install Go 1.21 or later` : await download(folder, env)
    if (problem) return invalid(`the CRDs of the Prometheus operator can't be had: ${problem}`)
  }
  return valid(files.map((file) => parse(readFileSync(join(folder, file), 'utf8'))))
}

/** The folder gets its name when all files are in it. */
async function download(folder: string, env: FindPartsOptions['env']): Promise<string | undefined> {
  const downloaded = await goDownload(`${module}@${version}`, env)
  if (downloaded.kind === 'invalid') return downloaded.problem
  const { Dir, Sum } = downloaded.value
  if (Sum !== moduleSum) return `${module}@${version} has the hash ${Sum} instead of ${moduleSum}`
  const unfinished = `${folder}-${process.pid}`
  mkdirSync(unfinished, { recursive: true })
  try {
    for (const file of files)
      copyFileSync(join(Dir, 'example/prometheus-operator-crd', file), join(unfinished, file))
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return undefined
}
