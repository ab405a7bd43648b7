import t from 'tap'
import { mutate } from '../../../webhook/core/mutate.ts'
import { requestFor } from './arbitraries.ts'
import { policy } from './policy.ts'

/** Far above what an honest pod takes, far below what would stop the others from being answered. */
const patienceMs = 1_500

const annotations = (own: Record<string, string>) =>
  Object.fromEntries(
    Object.entries({ vault: 'team-a', ...own }).map(([key, value]) => [
      `akv-injector.io/${key}`,
      value,
    ]),
  )
const many = <T>(length: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length }, (_, i) => make(i))
const variables = many(1200, (i) => `V${i}=s${i}`).join(',')

const pods: Record<string, object> = {
  'containers without end': {
    metadata: { annotations: annotations({ secrets: 'a' }) },
    spec: { containers: many(400_000, (i) => ({ name: `c${i}` })) },
  },
  'a thousand containers, with mounts': {
    metadata: { annotations: annotations({ secrets: 'a' }) },
    spec: {
      containers: many(1000, (i) => ({
        name: `c${i}`,
        volumeMounts: many(50, (n) => ({ name: 'v', mountPath: `/m/${n}` })),
      })),
    },
  },
  'variables for very many containers': {
    metadata: { annotations: annotations({ env: variables }) },
    spec: { containers: many(900, (i) => ({ name: `c${i}` })) },
  },
  'variables beside very many of the user’s': {
    metadata: { annotations: annotations({ env: variables }) },
    spec: {
      containers: [{ name: 'app', env: many(200_000, (i) => ({ name: `U${i}`, value: '' })) }],
    },
  },
  'histories on deep paths': {
    metadata: {
      annotations: annotations({
        objects: many(
          7,
          (i) =>
            `- { objectName: s${i}, objectType: secret, objectVersionHistory: 100, objectAlias: "${'a/'.repeat(2000)}x${i}" }`,
        ).join('\n'),
      }),
    },
    spec: { containers: [{ name: 'app' }] },
  },
  'folders on deep paths': {
    metadata: {
      annotations: annotations({
        secrets: many(60, (i) => `${'a/'.repeat(2000)}x${i}=tls/web`).join('\n'),
      }),
    },
    spec: { containers: [{ name: 'app' }] },
  },
  'files on paths as deep as they may be': {
    metadata: {
      annotations: annotations({
        secrets: many(30, (i) => `${'a/'.repeat(2000)}x${i}=web`).join('\n'),
      }),
    },
    spec: { containers: [{ name: 'app' }] },
  },
  'histories without end': {
    metadata: {
      annotations: annotations({
        objects: many(
          400,
          (i) => `- {objectName: s${i}, objectType: secret, objectVersionHistory: 100}`,
        ).join('\n'),
      }),
    },
    spec: { containers: [{ name: 'app' }] },
  },
  ...Object.fromEntries(
    ['[,', '}', 'k: v\n', '- [[[[[[[[[[[[[[[[\n', '"', '&a ', '*a ', '? '].map((piece) => [
      `object lists of nothing but ${JSON.stringify(piece)}`,
      {
        metadata: {
          annotations: annotations({ objects: piece.repeat(Math.floor(32_000 / piece.length)) }),
        },
        spec: { containers: [{ name: 'app' }] },
      },
    ]),
  ),
  'templates of nothing but openings': {
    metadata: { annotations: annotations({ 'template.x': '${'.repeat(60_000) }) },
    spec: { containers: [{ name: 'app' }] },
  },
  'names of containers without end': {
    metadata: {
      annotations: annotations({ secrets: 'a', containers: many(60_000, (i) => `c${i}`).join() }),
    },
    spec: { containers: [{ name: 'app' }] },
  },
  'keys without end': {
    metadata: {
      annotations: annotations({ ...Object.fromEntries(many(20_000, (i) => [`k${i}`, ''])) }),
    },
    spec: { containers: [{ name: 'app' }] },
  },
}

for (const [name, pod] of Object.entries(pods))
  t.test(`${name} are answered in time`, async (t) => {
    const startedAt = performance.now()
    const { kind } = mutate(requestFor(pod), policy)
    t.match(kind, /denied|injected/)
    t.ok(
      performance.now() - startedAt < patienceMs,
      `${Math.round(performance.now() - startedAt)} ms`,
    )
  })
