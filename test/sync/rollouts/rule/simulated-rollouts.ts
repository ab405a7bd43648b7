import type { RecordedWorkload } from '../../../../requests/rollouts/record.ts'
import {
  decideRollout,
  type PodFacts,
  type RolledWorkload,
  type RolloutDecision,
  type RolloutLimits,
} from '../../../../sync/rollouts/rule/decide-rollout.ts'
import { type KnownObject, observeObject } from '../../../../sync/rollouts/rule/observe-object.ts'
import { recordBegun } from '../../../../sync/rollouts/rule/recorded-rollout.ts'

/** What can happen to a workload, to its vault and to the controller. */
export type Happening =
  | { readonly kind: 'pass'; readonly minutes: number }
  | { readonly kind: 'rotate'; readonly object: number; readonly bytes: number }
  /** A version that was created some time ago becomes the newest. */
  | { readonly kind: 'enable'; readonly object: number; readonly minutesAgo: number }
  /** The newest version is disabled, so that an older one is read. */
  | { readonly kind: 'revert'; readonly object: number }
  /** The vault doesn't answer for a while. */
  | { readonly kind: 'outage'; readonly minutes: number }
  | { readonly kind: 'flip'; readonly object: number; readonly times: number }
  /** `undo`, `restart` and `upgrade` of somebody else replace the pods. Some of them are left out by a partition. */
  | { readonly kind: 'replace' }
  /** Pods are deleted, and come again from the same template. */
  | { readonly kind: 'delete'; readonly pod: number }
  | { readonly kind: 'state'; readonly state: RolledWorkload['state']; readonly minutes: number }
  | { readonly kind: 'strategy'; readonly replaces: RolledWorkload['replaces'] }
  | { readonly kind: 'restart controller' }

export interface Begun {
  readonly atMs: number
  readonly objects: readonly string[]
}

export const minuteMs = 60_000
export const limits: RolloutLimits = {
  minIntervalMs: 10 * minuteMs,
  maxPerDay: 6,
  settleMs: minuteMs,
}
const intervalMs = 5 * minuteMs
const podCount = 3

interface Version {
  readonly version: string
  readonly bytes: number
  readonly createdMs: number
  /** When it was enabled. */
  readonly updatedMs: number
}
interface VaultObject {
  readonly versions: Version[]
}
interface SimulatedPod extends PodFacts {
  /** The bytes of each object when it started. */
  readonly holds: readonly number[]
  /** Of the template. */
  readonly revision: number
}

/** A workload with three pods that ask for two objects, and a controller that looks at them every five minutes. */
export class SimulatedRollouts {
  readonly begun: Begun[] = []
  /** How often the bytes or the version that the vault answers with became others. */
  switches = 0
  nowMs = Date.UTC(2026, 0, 1)
  decision: RolloutDecision = { kind: 'none' }
  readonly #clockMs: number
  readonly #objects: readonly VaultObject[]
  #versions = 0
  #revision = 0
  #pods: readonly SimulatedPod[] = []
  #workload: RolledWorkload = { state: 'ready', replaces: 'all', replacesUnready: true }
  #isVaultDown = false
  // What the controller keeps in memory, and in its record.
  #known = new Map<string, KnownObject>()
  #pendingMs: number | undefined
  #nextLookMs: number
  readonly #sinceMs: number
  #recorded: RecordedWorkload | undefined

  /** @param vaultAheadMs - how far the vault's clock is ahead of the API server's */
  constructor(vaultAheadMs: number) {
    this.#clockMs = vaultAheadMs
    this.#objects = [0, 1].map(() => ({ versions: [this.#version(0)] }))
    this.#pods = Array.from({ length: podCount }, (_, index) => this.#pod(index))
    this.#pass(60)
    for (const object of this.#objects) object.versions.push(this.#version(1))
    this.#pass(60)
    // The controller is turned on now: the pods hold old versions.
    this.#sinceMs = this.nowMs
    this.#nextLookMs = this.nowMs
    this.#pass(10)
  }

  happen(happening: Happening): void {
    switch (happening.kind) {
      case 'pass':
        this.#pass(happening.minutes)
        break
      case 'rotate':
        this.#rotate(happening.object, happening.bytes)
        break
      case 'flip':
        for (let time = 0; time < happening.times; time++) {
          this.#rotate(happening.object, time % 2)
          this.#pass(17)
        }
        break
      case 'enable':
        this.#push(happening.object, {
          ...this.#version(this.#versions),
          createdMs: this.nowMs + this.#clockMs - happening.minutesAgo * minuteMs,
        })
        break
      case 'revert': {
        const { versions } = this.#object(happening.object)
        if (versions.length > 1) versions.pop()
        this.#noteSwitch()
        break
      }
      case 'outage':
        this.#isVaultDown = true
        this.#pass(happening.minutes)
        this.#isVaultDown = false
        this.#pass(intervalMs / minuteMs)
        break
      default:
        this.#happenInCluster(happening)
        break
    }
  }

  /** Whether each pod that a roll-out would replace has the bytes that the vault has now. */
  isCurrent(): boolean {
    const { replaces } = this.#workload
    return this.#pods
      .filter(({ ordinal = 0 }) =>
        typeof replaces === 'object' ? ordinal >= replaces.fromOrdinal : replaces === 'all',
      )
      .every(({ holds }) => holds.every((bytes, index) => bytes === this.#newest(index).bytes))
  }

  #happenInCluster(
    happening: Extract<
      Happening,
      { kind: 'replace' | 'delete' | 'state' | 'strategy' | 'restart controller' }
    >,
  ): void {
    switch (happening.kind) {
      case 'replace':
        this.#replacePods()
        break
      case 'delete':
        this.#pods = this.#pods.map((pod, index) =>
          index === happening.pod ? { ...this.#pod(index), revision: pod.revision } : pod,
        )
        break
      case 'state':
        this.#workload = { ...this.#workload, state: happening.state }
        this.#setReady(happening.state !== 'failing')
        this.#pass(happening.minutes)
        this.#workload = { ...this.#workload, state: 'ready' }
        this.#setReady(true)
        break
      case 'strategy':
        this.#workload = { ...this.#workload, replaces: happening.replaces }
        this.#reconcile()
        break
      case 'restart controller':
        this.#known = new Map(
          [...this.#known].map(([name, { version, changedMs }]) => [name, { version, changedMs }]),
        )
        this.#pendingMs = undefined
        // It looks at once.
        this.#nextLookMs = this.nowMs
        this.#pass(0)
        break
      default:
        happening satisfies never
    }
  }

  #setReady(isReady: boolean): void {
    this.#pods = this.#pods.map((pod) => ({ ...pod, isReady }))
  }

  #object(index: number): VaultObject {
    const object = this.#objects[index]
    if (object === undefined) throw new RangeError(`object ${index}`)
    return object
  }

  #newest(index: number): Version {
    const newest = this.#object(index).versions.at(-1)
    if (newest === undefined) throw new RangeError('no version')
    return newest
  }

  #version(bytes: number): Version {
    this.#versions += 1
    const nowMs = this.nowMs + this.#clockMs
    return { version: `v${this.#versions}`, bytes, createdMs: nowMs, updatedMs: nowMs }
  }

  #rotate(object: number, bytes: number): void {
    this.#push(object, this.#version(bytes))
  }

  #push(object: number, version: Version): void {
    this.#object(object).versions.push(version)
    this.#noteSwitch()
  }

  /** A value that changes, and changes back before the next look, isn't noticed. */
  #noteSwitch(): void {
    this.switches += 1
    this.#pass(intervalMs / minuteMs)
  }

  #pod(ordinal: number): SimulatedPod {
    const holds = this.#objects.map((_, index) => this.#newest(index).bytes)
    const startedMs = this.nowMs + 5_000
    const revision = this.#revision
    const facts = { createdMs: this.nowMs, startedMs, isReady: true, isOfTemplate: true }
    return { ...facts, ordinal, holds, revision }
  }

  /** Somebody changes the template. */
  #replacePods(): void {
    this.#revision += 1
    this.#reconcile()
  }

  /** Replaces the pods of earlier revisions, as far as the strategy says. */
  #reconcile(): void {
    const { replaces } = this.#workload
    const first = typeof replaces === 'object' ? replaces.fromOrdinal : replaces === 'all' ? 0 : 9
    this.#pods = this.#pods.map((pod, index) =>
      index >= first && pod.revision < this.#revision ? this.#pod(index) : pod,
    )
  }

  #pass(minutes: number): void {
    const untilMs = this.nowMs + minutes * minuteMs
    while (this.#nextLookMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.#nextLookMs)
      this.#look()
      const settled = this.decision.kind === 'settling' ? this.decision.untilMs : undefined
      this.#nextLookMs = settled ?? this.nowMs + intervalMs
    }
    this.nowMs = untilMs
  }

  #see(index: number, answer: Version): void {
    const seen = observeObject(
      this.#known.get(`${index}`),
      { ...answer, digest: `${answer.bytes}` },
      { nowMs: this.nowMs, sinceMs: this.#sinceMs },
    )
    this.#known.set(`${index}`, seen)
  }

  #look(): void {
    if (!this.#isVaultDown)
      for (const index of this.#objects.keys()) this.#see(index, this.#newest(index))
    this.decision = decideRollout({
      workload: this.#workload,
      pods: this.#pods,
      objects: [...this.#known].map(([name, { changedMs }]) => ({ name, changedMs })),
      recorded: this.#recorded,
      sinceMs: this.#sinceMs,
      pendingMs: this.#pendingMs,
      nowMs: this.nowMs,
      limits,
    })
    const { kind } = this.decision
    this.#pendingMs =
      kind === 'settling' || kind === 'held' ? (this.#pendingMs ?? this.nowMs) : undefined
    if (this.decision.kind !== 'begin') return
    const { throughMs, objects } = this.decision
    this.#recorded = recordBegun(this.#recorded, {
      name: 'Deployment/web',
      throughMs,
      nowMs: this.nowMs,
      generation: 1,
    })
    this.begun.push({ atMs: this.nowMs, objects })
    this.#replacePods()
  }
}
