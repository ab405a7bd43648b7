import { setInterval } from 'node:timers'
import { isDeepStrictEqual } from 'node:util'
import { reasonOf } from '../../../lib/reason-of.ts'

interface FollowFilesOptions<Files> {
  readonly intervalMs: number
  /** Returns undefined if the files changed while they were being read. */
  readonly read: () => Promise<Files | undefined>
  /** Called with files that differ from the previous ones. Throws if they can't be used. */
  readonly load: (files: Files) => void
  /** Returns why the loaded files are no longer usable, for example because they expired, or undefined. */
  readonly problem?: () => string | undefined
  /** Called with each new reason, but not again while it stays the same. */
  readonly report: (reason: string) => void
}

/**
 * Loads files again whenever they change. Resolves after the first check.
 *
 * It polls and compares contents, because the kubelet swaps a link above the files, which a watch of the files wouldn't
 * notice.
 *
 * @returns a function that ends it
 */
export async function followFiles<Files>(options: FollowFilesOptions<Files>): Promise<() => void> {
  const { intervalMs, read, load, problem, report } = options
  let seen: Files | undefined
  let reported: string | undefined

  async function check(): Promise<void> {
    try {
      const files = await read()
      if (files !== undefined && !isDeepStrictEqual(files, seen)) {
        seen = files
        load(files)
        reported = undefined
      }
      const reason = problem?.()
      if (reason !== undefined) throw new Error(reason)
    } catch (error) {
      const reason = reasonOf(error)
      if (reason === reported) return
      reported = reason
      report(reason)
    }
  }

  await check()
  let checking = Promise.resolve()
  const timer = setInterval(() => {
    checking = checking.then(check)
  }, intervalMs)
  return () => clearInterval(timer)
}
