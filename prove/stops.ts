/**
 * What the first and the second Ctrl-C end. The first one ends the work, and everything is removed. The second one ends that, too, and
 * what is left is listed.
 */
export interface Stops {
  readonly work: AbortSignal
  readonly removal: AbortSignal
  /** Gives the signals back to the process. */
  restore(): void
}

/**
 * Lets the process live on when nobody reads what it prints: a closed terminal or pipe must not keep it from removing what it made.
 *
 * @returns undoes it
 */
export function outliveOutput(): () => void {
  const streams = [process.stdout, process.stderr]
  const ignore = () => {}
  for (const stream of streams) stream.on('error', ignore)
  return () => {
    for (const stream of streams) stream.off('error', ignore)
  }
}

/** @param onFirst - called at the first signal */
export function handleSignals(onFirst: () => void): Stops {
  const work = new AbortController()
  const removal = new AbortController()
  const stop = () => {
    if (work.signal.aborted) return removal.abort()
    work.abort()
    onFirst()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, stop)
  return {
    work: work.signal,
    removal: removal.signal,
    restore() {
      for (const name of signals) process.off(name, stop)
    },
  }
}
