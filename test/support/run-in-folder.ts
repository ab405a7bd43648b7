import type { Ended } from './run-command-line.ts'
import { runInProcess } from './run-in-process.ts'

/** Runs a command in a folder. */
export async function runInFolder(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const before = process.cwd()
  process.chdir(folder)
  try {
    return await runInProcess(args, { env })
  } finally {
    process.chdir(before)
  }
}
