import { Registry } from 'prom-client'
import type { FetchedSecret } from '../../../../keyvault/clients/object-client.ts'
import { AkvError } from '../../../../lib/errors/akv-error.ts'
import { type JsonObject, objectsAt } from '../../../../lib/shape.ts'
import { pruneClass } from '../../../../requests/class/prune-class.ts'
import {
  recordAnnotation,
  restartedAtAnnotation,
} from '../../../../requests/rollouts/rollout-names.ts'
import { changedAtAnnotation } from '../../../../requests/secret/names.ts'
import { StaleError } from '../../../../sync/cluster/cluster-port.ts'
import type { StoredSecret } from '../../../../sync/plan/stored-secret.ts'
import { readRolledPod } from '../../../../sync/rollouts/cluster/read-pod.ts'
import {
  RefusedPatchError,
  type RolloutCluster,
  type RolloutEvent,
} from '../../../../sync/rollouts/cluster/rollout-port.ts'
import { loadAccount } from '../../../../sync/rollouts/look/load-account.ts'
import { lookAtAccount } from '../../../../sync/rollouts/look/look-at-account.ts'
import type { RolledAccount } from '../../../../sync/rollouts/look/rolled-account.ts'
import { RolloutMetrics } from '../../../../sync/rollouts/services/rollout-metrics.ts'
import type { RolloutServices } from '../../../../sync/rollouts/services/rollout-services.ts'
import { RolloutSlots } from '../../../../sync/rollouts/services/rollout-slots.ts'
import type { OpenSession } from '../../../../sync/round/services.ts'
import { memoryLog } from '../../../support/memory-log.ts'
import { secretPagesOf } from '../../../support/secret-pages.ts'
import { policy } from '../../../webhook/core/policy.ts'
import { ampleShares } from '../../harness/ample-shares.ts'
import { noOutage } from '../../harness/no-outage.ts'
import { account, simulatedPod } from './simulated-pod.ts'

export const minuteMs = 60_000
const namespace = 'team-a'

interface SimulatedDeployment {
  readonly uid: string
  readonly annotations: Readonly<Record<string, string>>
  template: Record<string, string>
  readonly spec: JsonObject
  /** Each change of the template makes a ReplicaSet. */
  revision: number
  generation: number
  /** Until when its roll-out takes. */
  rollingUntilMs: number
  isPaused: boolean
  startedMs: number
}

/** Whatever a request of the controller meets. */
export type Fault = 'refused' | 'lost' | 'answer lost' | 'stale'

/** The controller ends when it makes its nth request. The API server carries the request out, or doesn't. */
export interface Kill {
  readonly request: number
  readonly isCarriedOut: boolean
}

/** A namespace with Deployments of one pod each, a vault, and the looks of a controller at one account. */
export class RolloutSimulation {
  readonly requests: string[] = []
  readonly events: RolloutEvent[] = []
  readonly patches: { readonly name: string; readonly atMs: number }[] = []
  readonly secrets = new Map<string, string>()
  readonly extraPods: JsonObject[] = []
  /** The SecretProviderClasses that exist. */
  readonly classes = new Map<string, JsonObject>()
  /** Whether the Role names the classes, or the API server doesn't answer. */
  classAccess: 'allowed' | 'forbidden' | 'away' = 'allowed'
  /** The names of the driver's volumes that the webhook serves. */
  servesVolumes: 'all' | readonly string[] = 'all'
  readonly log = memoryLog()
  /** The next patch meets it. */
  fault: Fault | undefined
  kill: Kill | undefined
  #killed = Promise.withResolvers<'killed'>()
  rolloutMs = minuteMs
  /** New pods don’t get ready, so old ones stay. */
  isStuck = false
  /** Pods aren’t ready, until a roll-out replaces them. The one before has failed. */
  isFailing = false
  /** There are more pods than are read. */
  arePodsCut = false
  record: string | undefined
  clientId = '22222222-2222-2222-2222-222222222222'
  /** Each sign-in, with the token that it got from the one before. */
  readonly signIns: { readonly clientId: string; readonly heldToken: string | undefined }[] = []
  nowMs = Date.UTC(2026, 0, 1)
  mostRolling = 0
  readonly #deployments = new Map<string, SimulatedDeployment>()
  readonly #versions = new Map<
    string,
    Omit<FetchedSecret, 'kind' | 'contentType' | 'isCertificate'>
  >()
  #count = 0
  #services: RolloutServices
  #rolled: RolledAccount | undefined

  constructor(concurrent = 5) {
    this.#services = this.#start(concurrent)
  }

  deploy(
    name: string,
    template: Record<string, string>,
    {
      annotations = {},
      spec = {},
    }: { annotations?: Record<string, string>; spec?: JsonObject } = {},
  ): void {
    this.#deployments.set(name, {
      uid: `uid-${name}`,
      annotations,
      template: ours(template),
      spec,
      revision: 1,
      generation: 1,
      rollingUntilMs: 0,
      isPaused: false,
      startedMs: this.nowMs,
    })
  }

  remove(name: string): void {
    this.#deployments.delete(name)
  }

  pause(name: string, isPaused: boolean): void {
    this.#deployment(name).isPaused = isPaused
  }

  /** `kubectl rollout undo`: the template of before, and new pods, unless the old ones are still there. */
  undo(name: string): void {
    const deployment = this.#deployment(name)
    delete deployment.template[restartedAtAnnotation]
    deployment.revision += 1
    deployment.generation += 1
    deployment.rollingUntilMs = this.nowMs
    if (!this.isStuck) deployment.startedMs = this.nowMs
  }

  rotate(object: string, value = `${this.#count}`): string {
    this.#count += 1
    const version = String(this.#count).padStart(32, '0')
    const dates = {
      createdAtMs: this.nowMs,
      updatedAtMs: this.nowMs,
      notBeforeAtMs: this.nowMs,
      expiresAtMs: this.nowMs + 90 * 24 * 60 * minuteMs,
    }
    this.#versions.set(object, { version, value, ...dates, tags: { rotated: version } })
    return version
  }

  /** The controller is killed, and starts again. */
  restart(concurrent = 5): void {
    this.#rolled = undefined
    this.#services = this.#start(concurrent)
  }

  /** The controller reads the account again. */
  async reload(): Promise<void> {
    this.#rolled = await loadAccount({ namespace, name: account }, this.#rolled, this.#services)
  }

  /** Lets the controller look for some time. */
  async pass(minutes: number): Promise<void> {
    const untilMs = this.nowMs + minutes * minuteMs
    while (this.nowMs < untilMs) {
      const afterMs = await this.#look()
      this.nowMs = Math.min(untilMs, this.nowMs + Math.max(2_000, afterMs))
    }
  }

  /** What the controller couldn't read when it last tried. */
  problems(): readonly string[] {
    const { listProblems = [], classProblems = [], problems = [] } = this.#rolled ?? {}
    return [...listProblems, ...classProblems, ...problems]
  }

  async #look(): Promise<number> {
    this.#rolled ??= await loadAccount({ namespace, name: account }, undefined, this.#services)
    if (this.#rolled === undefined) throw new Error('no account')
    try {
      const look = lookAtAccount(this.#rolled, this.#services)
      const end = await Promise.race([look, this.#killed.promise])
      if (end !== 'killed') return end.afterMs
      this.#killed = Promise.withResolvers()
      this.restart()
      return 5_000
    } catch (error) {
      if (!(error instanceof AkvError)) throw error
      return 30_000
    }
  }

  #start(concurrent: number): RolloutServices {
    const clock = {
      now: () => this.nowMs,
      wallTime: () => this.nowMs,
      bootId: () => undefined,
      random: () => 0.5,
      sleep: async () => undefined,
    }
    return {
      settings: {
        intervalMs: 5 * minuteMs,
        concurrent,
        minIntervalMs: 10 * minuteMs,
        maxPerDay: 6,
      },
      cluster: this.#killable(this.#cluster()),
      secrets: { readSecret: async ({ name }) => this.#secret(name) },
      outage: noOutage,
      policy,
      openSession: (_, { identity: { clientId } }, token) => {
        this.signIns.push({ clientId, heldToken: token?.value })
        return this.#session(clientId)
      },
      slots: new RolloutSlots({ concurrent, clock }),
      metrics: new RolloutMetrics(new Registry()),
      events: { take: () => true },
      memory: ampleShares(),
      clock,
      log: this.log.log,
      signal: new AbortController().signal,
    }
  }

  #session(clientId: string): ReturnType<OpenSession> {
    const held = () => ({ value: `of ${clientId}`, expiresAtMs: this.nowMs + 60 * minuteMs })
    return {
      signIn: { principal: 'web', token: async () => 'token', forget: () => undefined, held },
      reader: {
        read: async ({ name }) => {
          const found = this.#versions.get(name)
          if (found === undefined) throw new AkvError('AKV_OBJECT_NOT_FOUND', name)
          return { kind: 'secret', contentType: undefined, isCertificate: false, ...found }
        },
        listVersions: async () => [],
        secretPages: () => secretPagesOf(),
      },
    }
  }

  /** The requests of the controller, of which one is its last. */
  #killable(cluster: RolloutCluster): RolloutCluster {
    const wrap =
      <A extends readonly unknown[], R>(request: (...args: A) => Promise<R>) =>
      async (...args: A): Promise<R> => {
        const { kill } = this
        const isLast = kill !== undefined && kill.request === this.requests.length
        if (!isLast) return request(...args)
        this.kill = undefined
        if (kill.isCarriedOut) await request(...args)
        this.#killed.resolve('killed')
        return new Promise(() => undefined)
      }
    return {
      serverTimeMs: cluster.serverTimeMs,
      readAccount: cluster.readAccount,
      writeRecord: wrap(cluster.writeRecord),
      listPods: wrap(cluster.listPods),
      readOwner: wrap(cluster.readOwner),
      readClass: wrap(cluster.readClass),
      patchTemplate: wrap(cluster.patchTemplate),
      createEvent: wrap(cluster.createEvent),
    }
  }

  #cluster(): RolloutCluster {
    const counted = (request: string) => void this.requests.push(request)
    return {
      serverTimeMs: () => this.nowMs,
      readAccount: async () => {
        counted('readAccount')
        const annotations = {
          'azure.workload.identity/client-id': this.clientId,
          'azure.workload.identity/tenant-id': '11111111-1111-1111-1111-111111111111',
          ...(this.record !== undefined && { [recordAnnotation]: this.record }),
        }
        return { metadata: { namespace, name: account, uid: 'uid-account', annotations } }
      },
      writeRecord: async (_, text) => {
        counted('writeRecord')
        this.record = text
      },
      listPods: async ({ labels }) => {
        counted('listPods')
        const pods = [...this.#deployments]
          .filter(([name]) => labels === undefined || labels['app'] === name)
          .map(([name, deployment]) => this.#pod(name, deployment))
        const all = [...pods, ...this.extraPods].flatMap((pod) => readRolledPod(pod) ?? [])
        return { pods: all, isCut: this.arePodsCut }
      },
      readOwner: async (kind, { name }) => {
        counted(`read ${kind}`)
        return kind === 'ReplicaSet' ? this.#replicaSet(name) : this.#object(name)
      },
      readClass: async (_, name) => {
        counted('readClass')
        const found = this.classes.get(name)
        if (this.classAccess === 'forbidden') return { kind: 'forbidden' }
        if (this.classAccess === 'away') throw new AkvError('AKV_CLUSTER_UNAVAILABLE', 'away')
        return found === undefined ? { kind: 'absent' } : pruneClass(found)
      },
      patchTemplate: async ({ name }, { restartedAt }) => this.#patch(name, restartedAt),
      createEvent: async (event) => {
        counted('createEvent')
        this.events.push(event)
      },
    }
  }

  async #patch(name: string, restartedAt: string): Promise<void> {
    this.requests.push('patch')
    if (this.fault === 'lost') throw new AkvError('AKV_CLUSTER_UNAVAILABLE', 'away')
    if (this.fault === 'answer lost') {
      this.fault = undefined
      await this.#patch(name, restartedAt)
      throw new AkvError('AKV_CLUSTER_UNAVAILABLE', 'away')
    }
    if (this.fault === 'stale') {
      this.fault = undefined
      throw new StaleError('it has changed')
    }
    if (this.fault === 'refused') throw new RefusedPatchError('the policy "frozen" refused it')
    const deployment = this.#deployment(name)
    deployment.template[restartedAtAnnotation] = restartedAt
    deployment.revision += 1
    deployment.generation += 1
    if (!this.isStuck) deployment.startedMs = this.nowMs
    this.isFailing = false
    deployment.rollingUntilMs = this.nowMs + this.rolloutMs
    this.patches.push({ name, atMs: this.nowMs })
    const rolling = [...this.#deployments.values()].filter(
      ({ rollingUntilMs }) => rollingUntilMs > this.nowMs,
    )
    this.mostRolling = Math.max(this.mostRolling, rolling.length)
  }

  #deployment(name: string): SimulatedDeployment {
    const found = this.#deployments.get(name)
    if (found === undefined) throw new RangeError(name)
    return found
  }

  #secret(name: string): StoredSecret | undefined {
    const changedAt = this.secrets.get(name)
    const annotations = new Map(changedAt === undefined ? [] : [[changedAtAnnotation, changedAt]])
    return { name, annotations } as unknown as StoredSecret
  }

  #object(name: string): JsonObject | undefined {
    const found = this.#deployments.get(name)
    if (found === undefined) return undefined
    const { uid, annotations, template, spec, generation, isPaused, rollingUntilMs } = found
    const isRolling = rollingUntilMs > this.nowMs
    // The controller of Deployments needs a moment to notice a patch.
    const isObserved = rollingUntilMs - this.nowMs < this.rolloutMs / 2
    const hasFailed = this.isFailing || !isObserved
    return {
      metadata: { namespace, name, uid, resourceVersion: '1', generation, annotations },
      spec: {
        paused: isPaused,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { annotations: template },
          spec: { serviceAccountName: account, ...spec },
        },
      },
      status: {
        observedGeneration: isObserved ? generation : generation - 1,
        replicas: isRolling ? 2 : 1,
        updatedReplicas: 1,
        availableReplicas: this.isFailing ? 0 : 1,
        conditions: [
          {
            type: 'Progressing',
            status: hasFailed ? 'False' : 'True',
            reason: hasFailed ? 'ProgressDeadlineExceeded' : 'NewReplicaSetAvailable',
          },
        ],
      },
    }
  }

  #replicaSet(replicaSet: string): JsonObject | undefined {
    const name = replicaSet.replace(/-\d+$/, '')
    const found = this.#deployments.get(name)
    if (found === undefined) return undefined
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: found.uid }
    return {
      metadata: { uid: `uid-${replicaSet}`, ownerReferences: [{ ...owner, controller: true }] },
    }
  }

  #pod(name: string, { revision, template, startedMs, spec }: SimulatedDeployment): JsonObject {
    const { [restartedAtAnnotation]: _, ...annotations } = template
    return simulatedPod(`${name}-${revision}-pod`, {
      volumes: objectsAt(spec, 'volumes').filter(
        ({ name }) => this.servesVolumes !== 'all' && !this.servesVolumes.includes(`${name}`),
      ),
      owner: { kind: 'ReplicaSet', name: `${name}-${revision}` },
      annotations,
      startedMs,
      isReady: !this.isFailing,
    })
  }
}

const ours = (entries: Record<string, string>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(entries).map(([key, value]) => [`akv-injector.io/${key}`, value]),
  )
