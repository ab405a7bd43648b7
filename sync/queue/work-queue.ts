import type { Clock } from '../../lib/clock.ts'
import { type Due, DueKeys } from './due-keys.ts'
import { type NextRun, type Outlook, outlooks } from './next-run.ts'

interface WorkQueueOptions {
  /** Namespaces take turns. */
  readonly namespaceOf: (key: string) => string
  /**
   * The number of slots: the most keys that run at the same time. Keys of a poor {@link Outlook} get only a part of the slots, and a
   * namespace leaves more of them free than it takes.
   */
  readonly sideBySide: number
  /** The minimum pause after a run, however often the key is added: its owner may be malicious. */
  readonly restMs: number
  /** No new run begins while it is on. */
  readonly pause: Pause
  readonly clock: Clock
  /** No new run begins once it has aborted. */
  readonly signal: AbortSignal
}

/**
 * Works on a key, never twice at the same time for one key. Returns when the key is due again, or undefined if not before
 * it is added again. Must not throw.
 */
export type RunKey = (key: string, slot: QueueSlot) => Promise<NextRun | undefined>

/** A time in which every run would fail. */
interface Pause {
  isOn(): boolean
  /** Resolves when it is over. */
  over(): Promise<void>
}

/** The slot that a running key takes. */
export interface QueueSlot {
  /**
   * Call it before the run waits in line for CPU time. From then on, the run counts as slow.
   *
   * @returns whether there is a slot for another slow run. If not, this run has to end. It may be due again at once.
   */
  becomeSlow(): boolean
}

/**
 * Holds keys and when they are due, each at most once. Namespaces take turns, and of each, the key that has been due longest
 * runs first. A step takes time that grows with the logarithm of the number of keys, because there may be tens of thousands.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #slots: ReturnType<typeof createSlots>
  readonly #dues: DueKeys
  readonly #alarm: ReturnType<typeof createAlarm>
  readonly #turn = createTurn(() => this.#begin())
  #run: RunKey | undefined
  #isPaused = false

  constructor(options: WorkQueueOptions) {
    const slots = createSlots(options)
    this.#options = options
    this.#slots = slots
    this.#dues = new DueKeys({ ...options, isRunning: slots.isTaken })
    this.#alarm = createAlarm(options, () => this.#begin())
  }

  /** Runs each key from now on when it is due. */
  start(run: RunKey): void {
    this.#run = run
    this.#begin()
  }

  /** Makes a key due after `afterMs`, unless it is due earlier already. */
  add(key: string, next: NextRun): void {
    this.#dues.add(key, next)
    this.#begin()
  }

  /** Removes a key. Doesn't stop a run. */
  drop(key: string): void {
    this.#dues.drop(key)
  }

  /** How many keys are due and wait for a slot. */
  depth(): number {
    return this.#dues.depth()
  }

  /** Resolves when no run is active any more. */
  idle(): Promise<void> {
    return this.#slots.allFree()
  }

  #begin(): void {
    const run = this.#run
    if (run === undefined || this.#options.signal.aborted || this.#isPaused) return
    if (this.#options.pause.isOn()) return void this.#resume()
    while (this.#turn.hasRoom()) {
      const due = this.#dues.take(this.#slots)
      if (due === undefined) return void this.#alarm.set(this.#dues.nextAtMs())
      this.#turn.count()
      this.#slots.take(due)
      void this.#work(due.key, run)
    }
  }

  async #resume(): Promise<void> {
    this.#isPaused = true
    await this.#options.pause.over()
    this.#isPaused = false
    this.#begin()
  }

  async #work(key: string, run: RunKey): Promise<void> {
    const next = await run(key, { becomeSlow: () => this.#slots.becomeSlow(key) })
    this.#slots.free(key)
    this.#dues.rest(key)
    if (next === undefined) this.#begin()
    else this.add(key, next)
  }
}

/** A run may compute for milliseconds before it first waits for something. */
const beginningsPerTurn = 10

/** Bounds the runs that begin in one turn of the event loop. Calls back in the next turn if there were more. */
function createTurn(more: () => void) {
  let begun = 0
  let wantsMore = false
  const end = () => {
    begun = 0
    if (!wantsMore) return
    wantsMore = false
    setImmediate(more)
  }
  return {
    /** Whether another run may begin in this turn. */
    hasRoom(): boolean {
      wantsMore ||= begun === beginningsPerTurn
      return !wantsMore
    },
    count(): void {
      if (begun === 0) setImmediate(end)
      begun += 1
    },
  }
}

/** Calls back at a time. Setting another time replaces it. */
function createAlarm(
  { clock, signal }: Pick<WorkQueueOptions, 'clock' | 'signal'>,
  ring: () => void,
) {
  let current: { readonly atMs: number; readonly replaced: AbortController } | undefined
  return {
    async set(atMs: number | undefined): Promise<void> {
      if (current?.atMs === atMs) return
      current?.replaced.abort()
      current = undefined
      if (atMs === undefined) return
      const wait = { atMs, replaced: new AbortController() }
      current = wait
      await clock.sleep(
        Math.max(0, atMs - clock.now()),
        AbortSignal.any([wait.replaced.signal, signal]),
      )
      if (wait.replaced.signal.aborted) return
      current = undefined
      ring()
    },
  }
}

/** The share of all slots that keys of this outlook and of poorer ones may take together. */
const shares: Readonly<Record<Outlook, number>> = {
  slow: 0.25,
  failing: 0.5,
  unknown: 0.75,
  good: 1,
}

type Counts = Record<Outlook, number>
type Holder = Pick<Due, 'namespace' | 'outlook'>

const noCounts: Readonly<Counts> = { slow: 0, failing: 0, unknown: 0, good: 0 }

/** The slots of this outlook and of poorer ones. */
const countUpTo = (outlook: Outlook, counts: Readonly<Counts>): number =>
  outlooks.slice(0, outlooks.indexOf(outlook) + 1).reduce((sum, other) => sum + counts[other], 0)

/** The slots of the queue: as many keys can run at the same time. Keys of a poor outlook never get all of them, and neither does a namespace. */
function createSlots({ sideBySide }: Pick<WorkQueueOptions, 'sideBySide'>) {
  const running = new Map<string, Holder>()
  const all: Counts = { ...noCounts }
  const byNamespace = new Map<string, Counts>()
  let emptied = Promise.withResolvers<void>()
  function change({ namespace, outlook }: Holder, step: 1 | -1): void {
    const counts = byNamespace.get(namespace) ?? { ...noCounts }
    counts[outlook] += step
    all[outlook] += step
    if (countUpTo('good', counts) === 0) byNamespace.delete(namespace)
    else byNamespace.set(namespace, counts)
  }
  const free = (outlook: Outlook): number => sideBySide * shares[outlook] - countUpTo(outlook, all)
  /** This leaves a slot for a namespace that has none yet, however many keys the others have. */
  const leavesEnough = ({ namespace, outlook }: Holder): boolean =>
    free(outlook) > countUpTo(outlook, byNamespace.get(namespace) ?? noCounts)
  return {
    isTaken: (key: string) => running.has(key),
    hasRoom: (outlook: Outlook): boolean => free(outlook) > 0 && free('good') > 0,
    mayTake: (due: Due): boolean =>
      leavesEnough(due) && leavesEnough({ namespace: due.namespace, outlook: 'good' }),
    take({ key, namespace, outlook }: Due): void {
      running.set(key, { namespace, outlook })
      change({ namespace, outlook }, 1)
    },
    becomeSlow(key: string): boolean {
      const before = running.get(key)
      if (before === undefined) return false
      if (before.outlook === 'slow') return true
      const slow = { ...before, outlook: 'slow' } as const
      if (!leavesEnough(slow)) return false
      change(before, -1)
      change(slow, 1)
      running.set(key, slow)
      return true
    },
    free(key: string): void {
      const holder = running.get(key)
      if (holder === undefined) return
      running.delete(key)
      change(holder, -1)
      if (running.size > 0) return
      emptied.resolve()
      emptied = Promise.withResolvers()
    },
    async allFree(): Promise<void> {
      while (running.size > 0) await emptied.promise
    },
  }
}
