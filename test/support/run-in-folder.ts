import type { Ended } from './run-command-line.ts'
import { runInProcess } from './run-in-process.ts'

/** Runs a command in a folder. If that has a Git repository, the output doesn't have the line that its `.git` is skipped. */
export async function runInFolder(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const before = process.cwd()
  process.chdir(folder)
  try {
    const { stderr, ...ended } = await runInProcess(args, { env })
    return { ...ended, stderr: stderr.replace('skipped .git: it is hidden\n', '') }
  } finally {
    process.chdir(before)
  }
}
