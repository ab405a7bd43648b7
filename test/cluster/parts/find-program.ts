import { delimiter, join } from 'node:path'
import { isProgram } from './is-program.ts'

export interface FindProgramOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** The name of the program. The variable with its path has the same name in upper case. */
  readonly name: string
  /** The path in our cache. */
  readonly cached: string
}

/** Looks for a program in its variable, in PATH and in our cache. */
export function findProgram({ env, name, cached }: FindProgramOptions): string | undefined {
  const named = env[name.toUpperCase()] ?? ''
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  const onPath = folders.map((folder) => join(folder, name))
  return [named, ...onPath, cached].find((path) => path !== '' && isProgram(path))
}
