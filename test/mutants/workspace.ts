import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killGroup } from '../support/kill-group.ts'

/** Hangs are killed after this time. No test file takes nearly as long, even on a busy machine. */
const timeoutMs = 300_000

export type Verdict = 'passed' | 'failed' | 'hung'

/** A copy of the working tree, in which files may be changed and tests run. */
export interface Workspace {
  write(path: string, text: string): void
  /** Runs a test file until the first failure. */
  runTest(path: string): Promise<Verdict>
  remove(): void
}

/** @param paths - the files to copy, from the root */
export function createWorkspace(root: string, paths: readonly string[]): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'akv-mutants-'))
  // The bundled packages count only if they are newer than what they were made of.
  const copy = (path: string) =>
    cpSync(join(root, path), join(folder, path), { recursive: true, preserveTimestamps: true })
  for (const path of [...paths, '.tap/bundles']) copy(path)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return {
    write: (path, text) => writeFileSync(join(folder, path), text),
    async runTest(path) {
      const child = spawn(
        process.execPath,
        ['--import=./test/support/start-fast/start-fast.ts', path],
        {
          cwd: folder,
          stdio: 'ignore',
          // In a group of its own, so that programs of a test that hangs end, too.
          detached: true,
          env: {
            ...process.env,
            TAP_BAIL: '1',
            // Ours is for hangs; tap's own is too short for a busy machine.
            TAP_TIMEOUT: String(timeoutMs / 1000),
            _TAPJS_PROCESSINFO_COVERAGE_: '0',
            NODE_COMPILE_CACHE: '.tap/compile-cache',
          },
        },
      )
      const ended = once(child, 'exit')
      const killer = setTimeout(() => killGroup(child), timeoutMs)
      const [code, signal] = await ended
      clearTimeout(killer)
      killGroup(child)
      if (signal === 'SIGKILL') return 'hung'
      return code === 0 ? 'passed' : 'failed'
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
