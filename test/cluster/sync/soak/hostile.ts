import { setTimeout as delay } from 'node:timers/promises'
import type { Api, KubeObject } from '../../client/api.ts'
import { range } from '../bench/fleet.ts'

/** What hostile namespaces have done: how often each attack was accepted by the API server. */
export type Attacks = Record<
  'templates' | 'largeObjects' | 'costlyTemplates' | 'manyValues' | 'unlistedAccounts',
  number
>

export interface HostileOptions {
  readonly api: Api
  readonly namespaces: readonly string[]
  /** The store and the object that templates read. */
  readonly storeOf: (namespace: string) => string
  readonly objectOf: (namespace: string) => string
  readonly signal: AbortSignal
}

const group = '/apis/external-secrets.io/v1'
const large = 'x'.repeat(1_300_000)
/** As many of these objects as ten namespaces once needed to end the process. */
const templateObjects = 11
/** Parts of templates that take much memory when they are parsed. */
const deepTemplate = `{{ or ${'(or .) '.repeat(3_300)} }}`
/** A template that takes a long time to run: its values grow to what one call may handle. */
const costlyTemplate = `{{ if "${'é'.repeat(500)}" ${'| replace "é" "éé" '.repeat(7)} ${'| lower | upper '.repeat(12)} }}{{ end }}`

type ExternalSecretOf = ReturnType<typeof objectsIn>['externalSecret']

/**
 * What is changed again and again, and how often all hostile namespaces together do so. The API server needs up to a second of a
 * core for an object of tens of thousands of values, and has to have time for honest requests: the controller is attacked.
 */
const changing: readonly {
  readonly kind: keyof Attacks
  readonly perSecond: number
  readonly objectOf: (externalSecret: ExternalSecretOf, n: number) => KubeObject
}[] = [
  {
    kind: 'costlyTemplates',
    perSecond: 8,
    objectOf: (externalSecret, n) => {
      const data = Object.fromEntries(range(40).map((key) => [`k${key}`, costlyTemplate]))
      return externalSecret('costly', { data: { ...data, version: `${n}` } })
    },
  },
  {
    kind: 'manyValues',
    perSecond: 0.5,
    objectOf: (externalSecret, n) => {
      const data = Array.from({ length: 30_000 }, () => ({}))
      return externalSecret('values', { data: { version: `${n}` } }, { data })
    },
  },
  {
    kind: 'largeObjects',
    perSecond: 1,
    objectOf: (externalSecret, n) => externalSecret('large', { note: `${n}${large}` }),
  },
]

export interface Attack {
  /** Resolves when the objects exist that aren't changed any more. */
  readonly created: Promise<unknown>
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<Attacks>
}

/** Attacks a running controller from all namespaces at once, until the signal aborts. */
export function attack(options: HostileOptions): Attack {
  const attacks: Attacks = {
    templates: 0,
    largeObjects: 0,
    costlyTemplates: 0,
    manyValues: 0,
    unlistedAccounts: 0,
  }
  const { namespaces, signal } = options
  const count = async (kind: keyof Attacks, answer: Promise<{ readonly status: number }>) => {
    if ((await answer).status < 300) attacks[kind]++
  }
  const creations = namespaces.map(async (namespace) => {
    const { put, externalSecret } = objectsIn(namespace, options)
    for (const n of range(templateObjects)) {
      const data = Object.fromEntries(range(3).map((key) => [`t${key}`, `${deepTemplate}${n}`]))
      await count('templates', put(externalSecret(`templates-${n}`, { data })))
    }
    for (const n of range(20))
      await count('unlistedAccounts', put(unlistedAccount(namespace, `unlisted-${n}`)))
  })
  /** Each change starts a round. The namespaces take turns. */
  const changes = changing.map(async ({ kind, perSecond, objectOf }) => {
    const startedAtMs = performance.now()
    for (let n = 0; !signal.aborted; n++) {
      const namespace = namespaces[n % namespaces.length] ?? ''
      const { put, externalSecret } = objectsIn(namespace, options)
      await count(kind, put(objectOf(externalSecret, n)))
      const nextAtMs = startedAtMs + ((n + 1) * 1_000) / perSecond
      await delay(Math.max(0, nextAtMs - performance.now()))
    }
  })
  const created = Promise.all(creations)
  return { created, ended: Promise.all([created, ...changes]).then(() => attacks) }
}

const unlistedAccount = (namespace: string, name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    namespace,
    name,
    annotations: { 'akv-injector.io/sync': '[]', 'example.com/note': 'x'.repeat(200_000) },
  },
})

function objectsIn(namespace: string, { api, storeOf, objectOf }: HostileOptions) {
  return {
    put: ({ kind, metadata, ...fields }: KubeObject) =>
      api.call({
        method: 'PATCH',
        path:
          kind === 'ServiceAccount'
            ? `/api/v1/namespaces/${namespace}/serviceaccounts/${metadata.name}`
            : `${group}/namespaces/${namespace}/externalsecrets/${metadata.name}`,
        query: { fieldManager: 'hostile', force: 'true' },
        contentType: 'application/apply-patch+yaml',
        body: { kind, metadata, ...fields },
      }),
    externalSecret: (name: string, template: object, spec: object = {}): KubeObject => ({
      apiVersion: 'external-secrets.io/v1',
      kind: 'ExternalSecret',
      metadata: { namespace, name },
      spec: {
        secretStoreRef: { name: storeOf(namespace) },
        target: { name, template },
        data: [{ secretKey: 'k', remoteRef: { key: objectOf(namespace) } }],
        ...spec,
      },
    }),
  }
}
