import type { Clock } from '../../lib/clock.ts'

/** How long the first reviews may take together. What isn't known by then follows later, with lists of its own. */
const longestMs = 30_000

/** Follows the first review of each namespace that exists at the start. */
export function createFirstLook({
  clock,
  signal,
}: {
  readonly clock: Pick<Clock, 'sleep'>
  readonly signal: AbortSignal
}) {
  const waiting = new Set<string>()
  const all = Promise.withResolvers<void>()
  let isListed = false
  let isAnswered = false
  let lastFailure: string | undefined
  const end = () => {
    if (isListed && waiting.size === 0) all.resolve()
  }
  return {
    done: all.promise,
    found: (namespace: string) => void (isListed || waiting.add(namespace)),
    /** All namespaces have been found. */
    listed(): void {
      if (isListed) return
      isListed = true
      void clock.sleep(longestMs, signal).then(all.resolve)
      isAnswered ||= waiting.size === 0
      end()
    },
    reviewed(namespace: string, failure: string | undefined): void {
      waiting.delete(namespace)
      if (failure === undefined) isAnswered = true
      lastFailure = failure
      end()
    },
    problem: (): string | undefined =>
      isListed
        ? isAnswered
          ? undefined
          : `the API server has not said yet what the controller may do${lastFailure === undefined ? '' : `: ${lastFailure}`}`
        : 'the namespaces have not been listed yet',
  }
}
