import { Counter, Gauge, type Registry } from 'prom-client'
import { boundedNames } from '../../../lib/metrics/bounded-names.ts'
import type { HeldReason } from '../../../requests/rollouts/rollout-names.ts'

const prefix = 'akv_injector_rollouts_'
/** Further namespaces share an empty label. */
const maxNamespaces = 5000

interface RolloutFigures {
  readonly running: () => number
  readonly accounts: () => number
  /** The workloads that are held back. */
  readonly held: () => Iterable<{ readonly namespace: string; readonly why: HeldReason }>
}

/** The metrics of roll-outs, among those of the controller. */
export class RolloutMetrics {
  readonly #registry: Registry
  readonly #name = boundedNames(maxNamespaces)
  readonly #begun: Counter
  readonly #failed: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#registry = registry
    this.#begun = new Counter({
      name: `${prefix}begun_total`,
      help: 'Roll-outs of workloads that were begun',
      labelNames: ['namespace'],
      registers,
    })
    this.#failed = new Counter({
      name: `${prefix}failed_total`,
      help: 'Roll-outs of workloads that the API server refused, or that did not complete',
      labelNames: ['namespace', 'reason'],
      registers,
    })
  }

  countBegun(namespace: string): void {
    this.#begun.inc({ namespace: this.#name(namespace) })
  }

  countFailed(namespace: string, reason: 'refused' | 'progress'): void {
    this.#failed.inc({ namespace: this.#name(namespace), reason })
  }

  /** Reads the gauges from these figures on each scrape. */
  watch(figures: RolloutFigures): void {
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name: `${prefix}${name}`,
        help,
        registers: [this.#registry],
        collect() {
          this.set(value())
        },
      })
    gauge('running', 'Roll-outs of workloads that have not completed', figures.running)
    gauge('accounts', 'ServiceAccounts whose owners allow roll-outs', figures.accounts)
    const nameOf = this.#name
    new Gauge({
      name: `${prefix}held_back`,
      help: 'Workloads with pods that hold an old version, by why nothing happens yet',
      labelNames: ['namespace', 'reason'],
      registers: [this.#registry],
      collect() {
        this.reset()
        for (const { namespace, why } of figures.held())
          this.inc({ namespace: nameOf(namespace), reason: why })
      },
    })
  }
}
