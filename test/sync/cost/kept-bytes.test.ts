import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { readClassSource } from '../../../requests/class/read-class-source.ts'
import { readSeenClass } from '../../../requests/class/seen-class.ts'
import {
  externalSecretSource,
  storeContent,
} from '../../../requests/external-secret/external-secret-source.ts'
import {
  readSeenExternalSecret,
  readSeenStore,
  type SeenWithStatus,
} from '../../../requests/external-secret/seen-external-secret.ts'
import type { SeenSource } from '../../../requests/source/seen-source.ts'
import type { Source } from '../../../requests/source/source.ts'
import { bytesOf } from '../../../sync/namespace/kept-objects.ts'
import { policy } from '../../webhook/core/policy.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const many = (count: number, entry: (n: number) => readonly [string, unknown]) =>
  Object.fromEntries(numbers(count).map(entry))
const metadata = (n: number, more: object = {}) => ({
  namespace: 'shop',
  name: `db-${n}`.padEnd(250, 'x'),
  uid: `uid-${n}`,
  resourceVersion: `${n}`,
  ...more,
})
const target = { name: 's'.repeat(250) }
const item = (n: number) => ({ secretKey: `k${n}`, remoteRef: { key: `o${n}` } })
const templates = (data: object) => ({ data: [item(0)], target: { ...target, template: { data } } })

/** The specs of ExternalSecrets that take a lot of memory for each of their characters. */
const specs: Readonly<Record<string, object>> = {
  'a deep template': templates({ a: `{{ or ${'(or .)'.repeat(10_000)} }}` }),
  'a template with many actions': templates({ a: '{{.}}'.repeat(13_000) }),
  'a template with many conditions': templates({ a: '{{if .}}{{end}}'.repeat(4_000) }),
  'a template beyond Latin': templates({ a: '\u4e2d'.repeat(30_000) }),
  'many templates': templates(many(500, (n) => [`k${n}`, '{{.k0}}'])),
  'many keys': { data: numbers(500).map(item), target },
  'many properties': { dataFrom: numbers(500).map(() => ({ extract: { key: 'o' } })), target },
  'labels and annotations': {
    data: [item(0)],
    target: {
      ...target,
      template: {
        metadata: {
          labels: many(64, (n) => [`l${n}`, `${n}`]),
          annotations: many(64, (n) => [`l${n}`, `${n}`]),
        },
      },
    },
  },
  'empty objects': { data: numbers(30_000).map(() => ({})) },
  'unknown members': many(500, (n) => [`x${n}`, 1]),
  'unknown keys': templates(many(100, (n) => [`k${n}`, `{{ .${'y'.repeat(200)}${n} }}`])),
  small: { data: [item(0)] },
}

const objectsOf = (spec: object, count: number) =>
  numbers(count).map((n) =>
    JSON.stringify({
      metadata: metadata(n),
      spec: { secretStoreRef: { name: 'kv' }, ...spec },
      status: { conditions: [{ type: 'Ready', message: 'm'.repeat(2_000) }] },
    }),
  )

function readExternalSecrets(texts: readonly string[]): readonly Kept<SeenWithStatus>[] {
  const store = { kind: 'read', store: { vault: 'team-a', unused: [], problems: [] } } as const
  return texts.flatMap((text) =>
    readSeenExternalSecret(JSON.parse(text)).map((seen) => ({
      seen,
      source: externalSecretSource(seen, { policy, findStore: () => ({ content: store }) }),
    })),
  )
}

interface Kept<Seen extends SeenSource> {
  readonly seen: Seen
  readonly source: Source | undefined
}

const classesOf = (count: number) =>
  numbers(count).map((n) =>
    JSON.stringify({
      metadata: metadata(n),
      spec: {
        provider: 'azure',
        parameters: {
          keyvaultName: 'team-a',
          objects: `array:\n${numbers(500)
            .map((o) => `  - |\n    objectName: o${o}\n    objectType: secret\n`)
            .join('')}`,
        },
        secretObjects: [
          {
            secretName: 's'.repeat(250),
            type: 'Opaque',
            data: numbers(400).map((o) => ({ objectName: `o${o}`, key: `k${o}` })),
          },
        ],
      },
    }),
  )
const readClasses = (texts: readonly string[]) =>
  texts.flatMap((text) =>
    readSeenClass(JSON.parse(text)).map((seen) => ({
      seen,
      source: readClassSource(seen, policy),
    })),
  )

/** Every field without effect, and as many unknown ones. */
const storeSpecs: Readonly<Record<string, object>> = {
  'fields without effect': {
    refreshInterval: 1,
    retrySettings: { maxRetries: 1, retryInterval: 1 },
    provider: {
      azurekv: {
        vaultUrl: 'https://team-a.vault.azure.net',
        authType: 'ServicePrincipal',
        identityId: 1,
        authSecretRef: { clientId: 1, tenantId: 1, clientSecret: 1, clientCertificate: 1 },
        customCloudConfig: {
          activeDirectoryEndpoint: 1,
          keyVaultEndpoint: 1,
          keyVaultDNSSuffix: 1,
          resourceManagerEndpoint: 1,
          audience: 1,
        },
        useAzureSDK: true,
      },
    },
  },
  'unknown fields': { provider: { azurekv: many(30, (n) => [`x${n}`, 1]) } },
}
const storesOf = (spec: object, count: number) =>
  numbers(count).map((n) => JSON.stringify({ metadata: metadata(n, { name: `kv-${n}` }), spec }))
const readStores = (texts: readonly string[]) =>
  texts.flatMap((text) =>
    readSeenStore(JSON.parse(text)).map((seen) => ({
      seen,
      content: storeContent(seen, { kind: 'SecretStore', namespace: 'shop', policy }),
    })),
  )

/** @returns the memory that is really used, in parts of the memory that is counted */
function usedShare(read: () => readonly Pick<Kept<SeenSource>, 'seen'>[]): number {
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const kept = read()
  collectGarbage()
  const used = process.memoryUsage().heapUsed - before
  return used / kept.reduce((sum, { seen }) => sum + bytesOf(seen), 0)
}

const least = { objects: 20, share: 0.005 }

for (const [what, spec] of Object.entries(specs))
  t.test(`no more memory is kept than is counted: ${what}`, async (t) => {
    const texts = objectsOf(spec, least.objects * 2)
    readExternalSecrets(texts)
    const share = usedShare(() => readExternalSecrets(texts))
    t.comment(share.toFixed(2))
    t.ok(share < 1, `${share} times as much as counted`)
    t.ok(share > least.share, `${share}: something is kept`)
  })

for (const [what, spec] of Object.entries(storeSpecs))
  t.test(`no more memory is kept than is counted: stores with ${what}`, async (t) => {
    const texts = storesOf(spec, 500)
    readStores(texts)
    const share = usedShare(() => readStores(texts))
    t.comment(share.toFixed(2))
    t.ok(share < 1, `${share} times as much as counted`)
    t.ok(share > least.share, `${share}: something is kept`)
  })

t.test('no more memory is kept than is counted: classes', async (t) => {
  const texts = classesOf(least.objects)
  readClasses(texts)
  const share = usedShare(() => readClasses(texts))
  t.comment(share.toFixed(2))
  t.ok(share < 1, `${share} times as much as counted`)
  t.ok(share > least.share, `${share}: something is kept`)
})
