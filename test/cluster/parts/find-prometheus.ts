import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { cacheFolder } from './find-parts.ts'
import { findProgram } from './find-program.ts'

export interface FindPrometheusOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: (line: string) => void
  /** Whether to unpack Debian's package. */
  readonly install: boolean
}

/**
 * Looks for Prometheus in PROMETHEUS, in PATH and in our cache, and else unpacks Debian's package into the cache. The package
 * isn't installed, because it would start a server.
 */
export function findPrometheus({ env, log, install }: FindPrometheusOptions): Parsed<string> {
  const cache = dirname(cacheFolder(env, 'kubernetes'))
  const cached = join(cache, 'prometheus')
  const found = findProgram({ env, name: 'prometheus', cached })
  if (found) return valid(found)
  if (!install) return invalid(`Prometheus is not on the PATH. ${advice}`)
  log(`unpacking Prometheus into ${cache}`)
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, '.prometheus-'))
  try {
    const problem = unpack(folder, env)
    if (problem)
      return invalid(`Debian's package of Prometheus can't be unpacked. ${advice}\n${problem}`)
    renameSync(join(folder, 'usr/bin/prometheus'), cached)
    return valid(cached)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @returns why it failed */
function unpack(folder: string, env: FindPrometheusOptions['env']): string | undefined {
  const run = (program: string, ...args: readonly string[]) => {
    const { status, stderr, error } = spawnSync(program, args, {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: timeoutMs,
    })
    return status === 0 ? undefined : `${program}: ${(error?.message ?? stderr).trim()}`
  }
  return (
    run('apt-get', 'update', '-qq') ??
    // The user that downloads by default can't write to this folder.
    run('apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', 'prometheus') ??
    run('dpkg', '-x', readdirSync(folder)[0] ?? '', '.')
  )
}

const timeoutMs = 600_000
const advice =
  'Set PROMETHEUS to the path of the program. On Debian and as root, `-- --required` unpacks its package.'
