import { backoffMs } from '../../lib/backoff.ts'
import { toAkvError } from '../../lib/errors/akv-error.ts'
import { heldBack } from '../../requests/rollouts/held-back.ts'
import type { NextRun } from '../queue/next-run.ts'
import { WorkQueue } from '../queue/work-queue.ts'
import { loadAccount } from './look/load-account.ts'
import { lookAtAccount } from './look/look-at-account.ts'
import type { RolledAccount } from './look/rolled-account.ts'
import type { RolloutServices } from './services/rollout-services.ts'

interface Entry {
  rolled: RolledAccount | undefined
  /** Boot time. The account itself is read when this has come. */
  nextLoadAtMs: number
  failures: number
  /** What the log has said last. */
  said: string
}

/** Most looks wait for a vault or the API server. */
const sideBySide = 10
const restMs = 2_000
/** How often an account is read: its annotations say as whom its pods sign in. */
const loadMs = 60 * 60_000
/** The objects of an account with their names, the record and the workloads. */
const accountBytes = 4096
const backoff = { firstMs: 30_000, longestMs: 10 * 60_000, jitter: 'half' } as const

/** Rolls out the workloads of the accounts whose owners allow it (docs/specification.md, "Roll-outs"). */
export class Rollouts {
  readonly #services: RolloutServices
  readonly #entries = new Map<string, Entry>()
  readonly #queue: WorkQueue

  constructor(services: RolloutServices) {
    const { clock, signal, outage, metrics, slots } = services
    this.#services = services
    const namespaceOf = (key: string) => key.split('/', 1)[0] ?? ''
    this.#queue = new WorkQueue({ clock, signal, sideBySide, restMs, pause: outage, namespaceOf })
    metrics.watch({
      running: () => slots.running(),
      accounts: () => this.#entries.size,
      held: () => this.#held(),
    })
  }

  start(): void {
    this.#queue.start((key) => this.#look(key))
  }

  /** These accounts of the namespace are allowed roll-outs from now on, and no others. */
  allow(namespace: string, accounts: ReadonlySet<string>): void {
    for (const key of this.#entries.keys()) {
      const [own, name = ''] = key.split('/')
      if (own === namespace && !accounts.has(name)) this.#drop(key)
    }
    const { clock, settings } = this.#services
    for (const name of accounts) {
      const key = `${namespace}/${name}`
      if (this.#entries.has(key)) continue
      if (!this.#services.memory.hold(namespace, memoryKey(key), accountBytes)) continue
      this.#entries.set(key, { rolled: undefined, nextLoadAtMs: 0, failures: 0, said: '' })
      // After a restart, thousands of accounts would otherwise be read at once, and again together after each interval.
      const spreadMs = Math.min(settings.intervalMs, this.#entries.size * 20)
      this.#queue.add(key, { afterMs: clock.random() * spreadMs, outlook: 'unknown' })
    }
  }

  async ended(): Promise<void> {
    await this.#queue.idle()
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    const [namespace = ''] = key.split('/')
    this.#freeSlots(entry?.rolled)
    this.#services.memory.release(namespace, memoryKey(key))
    this.#entries.delete(key)
    this.#queue.drop(key)
  }

  async #look(key: string): Promise<NextRun | undefined> {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    const { settings, outage, clock } = this.#services
    try {
      const rolled = await this.#load(key, entry)
      if (rolled === undefined) return { afterMs: settings.intervalMs, outlook: 'failing' }
      const { afterMs } = await lookAtAccount(rolled, this.#services)
      entry.failures = 0
      if (!this.#hold(key, rolled)) return { afterMs: settings.intervalMs, outlook: 'failing' }
      // A look at which no read is due says nothing new about what couldn't be read.
      const problems = [...rolled.listProblems, ...rolled.classProblems, ...rolled.problems]
      this.#say(key, entry, problems.join('; '))
      return { afterMs, outlook: problems.length > 0 ? 'failing' : 'good' }
    } catch (thrown) {
      if (await outage.explains(thrown)) return { afterMs: 0, outlook: 'good' }
      entry.failures += 1
      this.#say(key, entry, toAkvError(thrown).message)
      return {
        afterMs: backoffMs({ ...backoff, failures: entry.failures, clock }),
        outlook: 'failing',
      }
    } finally {
      // The account was dropped meanwhile, and the look may have taken slots after that.
      if (this.#entries.get(key) !== entry) this.#freeSlots(entry.rolled)
    }
  }

  #freeSlots(rolled: RolledAccount | undefined): void {
    for (const uid of rolled?.running.keys() ?? []) this.#services.slots.free(uid)
  }

  async #load(key: string, entry: Entry): Promise<RolledAccount | undefined> {
    const { clock } = this.#services
    if (entry.rolled !== undefined && clock.now() < entry.nextLoadAtMs) return entry.rolled
    const [namespace = '', name = ''] = key.split('/')
    const before = entry.rolled
    entry.rolled = await loadAccount({ namespace, name }, before, this.#services)
    if (before !== entry.rolled) this.#freeSlots(before)
    entry.nextLoadAtMs = clock.now() + loadMs
    return entry.rolled
  }

  /** If there isn't enough room, the account begins anew with the next look, from its record. */
  #hold(key: string, rolled: RolledAccount): boolean {
    const entry = this.#entries.get(key)
    const [namespace = ''] = key.split('/')
    const bytes = accountBytes + bytesOf(rolled)
    if (entry === undefined || this.#services.memory.hold(namespace, memoryKey(key), bytes))
      return true
    this.#say(
      key,
      entry,
      'the roll-outs need more memory than the namespace’s share; give the controller more memory',
    )
    this.#freeSlots(rolled)
    entry.rolled = undefined
    return false
  }

  #say(account: string, entry: Entry, sentence: string): void {
    if (sentence === entry.said) return
    entry.said = sentence
    const { log } = this.#services
    if (sentence === '') log.info('roll-outs of the account are in order again', { account })
    else
      log.warn('roll-outs of the account can’t see all that has changed', {
        account,
        reason: sentence,
      })
  }

  *#held() {
    for (const [key, { rolled }] of this.#entries) {
      if (rolled === undefined) continue
      const [namespace = ''] = key.split('/')
      const { sinceMs, known: objects, recorded: workloads } = rolled
      for (const { held } of heldBack({ sinceMs, objects, workloads }))
        yield { namespace, why: held.why }
    }
  }
}

const memoryKey = (key: string): string => `roll-outs of ${key}`

function bytesOf(rolled: RolledAccount): number {
  const { known, recorded, workloads, owners, writtenText = '' } = rolled
  const objects = [...workloads.values()].reduce((sum, one) => sum + one.objects.length, 0)
  return (
    2 * writtenText.length +
    512 * (known.size + recorded.size + workloads.size) +
    256 * objects +
    128 * owners.size
  )
}
