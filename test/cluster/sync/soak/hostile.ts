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
/** All hostile namespaces together patch large objects as often as one once did. etcd keeps each version. */
const largePatchesPerSecond = 8

/** Parts of templates that take much memory when they are parsed. */
const deepTemplate = `{{ or ${'(or .) '.repeat(3_300)} }}`
/** A template that takes a long time to run: its values grow to what one call may handle. */
const costlyTemplate = `{{ if "${'é'.repeat(500)}" ${'| replace "é" "éé" '.repeat(7)} ${'| lower | upper '.repeat(12)} }}{{ end }}`

/** Attacks a running controller from all namespaces at once, until the signal aborts. */
export async function attack(options: HostileOptions): Promise<Attacks> {
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
  const loops = namespaces.map(async (namespace, index) => {
    const { put, externalSecret } = objectsIn(namespace, options)
    for (const n of range(templateObjects)) {
      if (signal.aborted) return
      const data = Object.fromEntries(range(3).map((key) => [`t${key}`, `${deepTemplate}${n}`]))
      await count('templates', put(externalSecret(`templates-${n}`, { data })))
    }
    for (const n of range(20))
      await count('unlistedAccounts', put(unlistedAccount(namespace, `unlisted-${n}`)))
    for (let version = 0; !signal.aborted; version++) {
      // Each change starts a round.
      const costly = Object.fromEntries(range(40).map((n) => [`k${n}`, costlyTemplate]))
      await count(
        'costlyTemplates',
        put(externalSecret('costly', { data: { ...costly, version: `${version}` } })),
      )
      const data = Array.from({ length: 30_000 }, () => ({}))
      await count('manyValues', put(externalSecret('values', { version: `${version}` }, { data })))
      await delay(1_000 + 50 * index)
    }
  })
  const largeLoop = async () => {
    for (let n = 0; !signal.aborted; n++) {
      const namespace = namespaces[n % Math.min(2, namespaces.length)] ?? ''
      const { put, externalSecret } = objectsIn(namespace, options)
      const object = externalSecret('large', { note: `${n}${large}` })
      await Promise.all([count('largeObjects', put(object)), delay(1_000 / largePatchesPerSecond)])
    }
  }
  await Promise.all([...loops, largeLoop()])
  return attacks
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
