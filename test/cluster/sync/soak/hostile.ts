import { setTimeout as delay } from 'node:timers/promises'
import type { Api, KubeObject } from '../../client/api.ts'
import { range } from '../bench/fleet.ts'

/** What hostile namespaces have done: how often each attack was accepted by the API server. */
export type Attacks = Record<
  | 'templates'
  | 'largeObjects'
  | 'costlyTemplates'
  | 'manyValues'
  | 'manyNames'
  | 'manyStatusNames'
  | 'unlistedAccounts'
  | 'foreignAccounts',
  number
>

export interface HostileOptions {
  readonly api: Api
  readonly namespaces: readonly string[]
  /** A namespace in which no account is enabled, and how many large accounts are created there. */
  readonly foreign: { readonly namespace: string; readonly accounts: number }
  /** The store and the object that templates read. */
  readonly storeOf: (namespace: string) => string
  readonly objectOf: (namespace: string) => string
  readonly signal: AbortSignal
}

const group = '/apis/external-secrets.io/v1'
const large = 'x'.repeat(1_300_000)
/**
 * More names than the controller reads. They are in a list, because the API server would repeat other names in `managedFields`. It
 * needs seconds for each object even so, which is why these come rarely.
 */
const names = [Object.fromEntries(range(34_000).map((n) => [`k${n}`, '']))]
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
  /** What of the object is changed: all but its status, or only that. */
  readonly part?: 'status'
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
    kind: 'manyNames',
    perSecond: 0.1,
    objectOf: (externalSecret, n) =>
      externalSecret('names', { data: { version: `${n}` } }, { data: names }),
  },
  {
    kind: 'manyStatusNames',
    perSecond: 0.1,
    objectOf: (externalSecret, n) => ({
      ...externalSecret('templates-0', {}),
      status: { names, version: `${n}` },
    }),
    part: 'status',
  },
  {
    kind: 'largeObjects',
    perSecond: 1,
    objectOf: (externalSecret, n) => externalSecret('large', { note: `${n}${large}` }),
  },
]

export interface Attack {
  /** What has been done so far. */
  readonly attacks: Readonly<Attacks>
  /** Resolves when the objects exist that aren't changed any more. */
  readonly created: Promise<unknown>
  /** Resolves after the signal has aborted. */
  readonly ended: Promise<unknown>
}

/** Attacks a running controller from all namespaces at once, until the signal aborts. */
export function attack(options: HostileOptions): Attack {
  const attacks: Attacks = {
    templates: 0,
    largeObjects: 0,
    costlyTemplates: 0,
    manyValues: 0,
    manyNames: 0,
    manyStatusNames: 0,
    unlistedAccounts: 0,
    foreignAccounts: 0,
  }
  const { namespaces, foreign, signal } = options
  const count = (kind: keyof Attacks, { status }: { readonly status: number }): boolean => {
    const isAccepted = status < 300
    if (isAccepted) attacks[kind]++
    return isAccepted
  }
  /** Tries again until the object exists, because a busy API server may fail. */
  async function create(kind: keyof Attacks, put: () => Promise<{ readonly status: number }>) {
    while (!signal.aborted && !count(kind, await put())) await delay(1_000)
  }
  const creations = namespaces.map(async (namespace) => {
    const { put, externalSecret } = objectsIn(namespace, options)
    for (const n of range(templateObjects)) {
      const data = Object.fromEntries(range(3).map((key) => [`t${key}`, `${deepTemplate}${n}`]))
      await create('templates', () => put(externalSecret(`templates-${n}`, { data })))
    }
    for (const n of range(20))
      await create('unlistedAccounts', () => put(largeAccount(namespace, `unlisted-${n}`, 200_000)))
  })
  async function createForeignAccounts(): Promise<void> {
    const { put } = objectsIn(foreign.namespace, options)
    for (const n of range(foreign.accounts))
      await create('foreignAccounts', () =>
        put(largeAccount(foreign.namespace, `large-${n}`, 100_000)),
      )
  }
  /** Each change starts a round. The namespaces take turns. */
  const changes = changing.map(async ({ kind, perSecond, objectOf, part }) => {
    const startedAtMs = performance.now()
    for (let n = 0; !signal.aborted; n++) {
      const namespace = namespaces[n % namespaces.length] ?? ''
      const { put, externalSecret } = objectsIn(namespace, options)
      count(kind, await put(objectOf(externalSecret, n), part))
      const nextAtMs = startedAtMs + ((n + 1) * 1_000) / perSecond
      await delay(Math.max(0, nextAtMs - performance.now()))
    }
  })
  const created = Promise.all([...creations, createForeignAccounts()])
  return { attacks, created, ended: Promise.all([created, ...changes]) }
}

const largeAccount = (namespace: string, name: string, bytes: number): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: {
    namespace,
    name,
    annotations: { 'akv-injector.io/sync': '[]', 'example.com/note': 'x'.repeat(bytes) },
  },
})

function objectsIn(namespace: string, { api, storeOf, objectOf }: HostileOptions) {
  return {
    put: ({ kind, metadata, ...fields }: KubeObject, part?: 'status') =>
      api.call({
        method: 'PATCH',
        path:
          kind === 'ServiceAccount'
            ? `/api/v1/namespaces/${namespace}/serviceaccounts/${metadata.name}`
            : `${group}/namespaces/${namespace}/externalsecrets/${metadata.name}${part === undefined ? '' : `/${part}`}`,
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
