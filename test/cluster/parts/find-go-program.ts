import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { createProgress } from '../../../lib/terminal/terminal-progress.ts'
import { cacheFolder, type FindPartsOptions } from './find-parts.ts'
import { findProgram } from './find-program.ts'
import { goInstall, goProblem } from './go-build.ts'

interface GoProgram {
  /** Of the file. */
  readonly name: string
  /** The Go package, whose last part is the name. */
  readonly target: string
  readonly version: string
}

/** Looks for a program in the variable of its name, in PATH and in our cache, and else builds it into the cache. */
export async function findGoProgram(
  { name, target, version }: GoProgram,
  { env, log }: Omit<FindPartsOptions, 'names'>,
): Promise<Parsed<string>> {
  const advice = `Install ${name}, or set ${name.toUpperCase()} to the path of the program.`
  const cache = dirname(cacheFolder(env, 'kubernetes'))
  const cached = join(cache, `${name}-${version}`)
  const found = findProgram({ env, name, cached })
  if (found) return valid(found)
  const problem = await goProblem(env)
  if (problem) return invalid(`${name} can't be built: ${problem}. ${advice}`)
  log(`building ${name} ${version} into ${cache}, which takes minutes`)
  const folder = join(cache, `.${name}-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const progress = createProgress()
  progress.show(`building ${name}`)
  try {
    const failure = await goInstall(`${target}@v${version}`, { ...env, GOBIN: folder })
    if (failure) return invalid(`${name} could not be built. ${advice}\n${failure}`)
    renameSync(join(folder, name), cached)
    return valid(cached)
  } finally {
    progress.hide()
    rmSync(folder, { recursive: true, force: true })
  }
}
