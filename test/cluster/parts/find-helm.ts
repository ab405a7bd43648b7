import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
import { cacheFolder, type FindPartsOptions } from './find-parts.ts'
import { findProgram } from './find-program.ts'
import { goInstall, goProblem } from './go-build.ts'

/** The version that .ci/run tests the chart with. */
const version = '3.22.0'

/** Looks for Helm in HELM, in PATH and in our cache, and else builds it into the cache. */
export async function findHelm(options: Omit<FindPartsOptions, 'names'>): Promise<Parsed<string>> {
  const { env, log } = options
  const cache = dirname(cacheFolder(env, 'kubernetes'))
  const cached = join(cache, `helm-${version}`)
  const found = findProgram({ env, name: 'helm', cached })
  if (found) return valid(found)
  const problem = await goProblem(env)
  if (problem) return invalid(`Helm can't be built: ${problem}. ${advice}`)
  log(`building Helm ${version} into ${cache}, which takes two minutes`)
  const folder = join(cache, `.helm-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const progress = createProgress()
  progress.show('building Helm')
  try {
    const failure = await goInstall(`helm.sh/helm/v3/cmd/helm@v${version}`, {
      ...env,
      GOBIN: folder,
    })
    if (failure) return invalid(`Helm could not be built. ${advice}\n${failure}`)
    for (const name of readdirSync(folder)) renameSync(join(folder, name), cached)
    return valid(cached)
  } finally {
    progress.hide()
    rmSync(folder, { recursive: true, force: true })
  }
}

const advice = 'Install Helm, or set HELM to the path of the program.'
