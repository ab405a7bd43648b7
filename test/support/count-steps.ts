import { Session } from 'node:inspector'
import { setFlagsFromString } from 'node:v8'

export interface Counted<T> {
  readonly value: T
  /** How often blocks of JavaScript ran, in our code and its dependencies: the same number on every machine. */
  readonly steps: number
}

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly {
      readonly functionName: string
      readonly ranges: readonly { readonly startOffset: number; readonly count: number }[]
    }[]
  }[]
}

let session: Session | undefined

/**
 * Runs `work` and counts its steps. Use it to test what work costs, because time depends on how busy the machine is.
 * Built-in functions count as nothing, so it doesn't see what happens inside a regular expression.
 */
export function countSteps<T>(work: () => T): Counted<T> {
  session ??= startCounting()
  takeSteps(session)
  const value = work()
  return { value, steps: takeSteps(session) }
}

function startCounting(): Session {
  // Optimised code doesn't count.
  for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug']) setFlagsFromString(flag)
  const started = new Session()
  started.connect()
  started.post('Profiler.enable')
  started.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return started
}

/** The steps since the last call. */
function takeSteps(session: Session): number {
  let steps = 0
  forEachBlock(session, (_block, count) => {
    steps += count
  })
  return steps
}

/** Calls back for each block that has run since the last call. */
function forEachBlock(session: Session, onBlock: (block: string, count: number) => void): void {
  session.post('Profiler.takePreciseCoverage', (error, coverage) => {
    if (error) throw error
    for (const { url, functions } of (coverage as Coverage).result) {
      if (!url.startsWith('file:') || url === import.meta.url) continue
      for (const { functionName, ranges } of functions)
        for (const { startOffset, count } of ranges)
          if (count > 0) onBlock(`${url}: ${functionName}, character ${startOffset}`, count)
    }
  })
}

/**
 * Counts how often each block of JavaScript runs during `work`, by its place in the sources. Blocks that grow faster than
 * the input show what doesn't scale.
 */
export async function countBlocks(work: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
  session ??= startCounting()
  takeSteps(session)
  await work()
  const blocks = new Map<string, number>()
  forEachBlock(session, (block, count) => blocks.set(block, (blocks.get(block) ?? 0) + count))
  return blocks
}
