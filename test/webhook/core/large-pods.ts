import { annotationPrefix } from '../../../requests/annotations/keys/own-annotations.ts'

/** Pods that are as large as a request may be, or small and dear to look at; none is an honest one. */

const many = <T>(length: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length }, (_, i) => make(i))
const named = (length: number) => many(length, (i) => ({ name: `c${i}` }))
const variables = (length: number) => many(length, (i) => `V${i}=s${i}`).join()

const pod = (own: Readonly<Record<string, string>>, spec: object = { containers: named(1) }) => ({
  metadata: {
    name: 'web-0',
    annotations: Object.fromEntries(
      Object.entries({ vault: 'team-a', ...own }).map(([key, value]) => [
        annotationPrefix + key,
        value,
      ]),
    ),
  },
  spec,
})
const withMounts = (volumeMounts: readonly object[]) =>
  pod({ secrets: 'a' }, { containers: [{ name: 'app', volumeMounts }] })
const withAgentEnv = (env: readonly object[]) =>
  pod({ secrets: 'a' }, { containers: named(1), initContainers: [{ name: 'akv-injector', env }] })

/** By what is large: the pod, and a part of the outcome's first sentence, or `injected`. */
export const largePods: Readonly<Record<string, readonly [object, RegExp]>> = {
  'containers without end': [
    pod({ secrets: 'a' }, { containers: named(100_000) }),
    /has 100000 containers; at most 1000/,
  ],
  'a thousand containers, with mounts': [
    pod(
      { secrets: 'a' },
      {
        containers: named(1000).map((container) => ({
          ...container,
          volumeMounts: many(50, (n) => ({ name: 'v', mountPath: `/m/${n}` })),
        })),
      },
    ),
    /injected/,
  ],
  'variables for very many containers': [
    pod({ env: variables(60) }, { containers: named(1000) }),
    /larger than 1 MiB/,
  ],
  'variables beside very many of the user’s': [
    pod(
      { env: variables(1200) },
      { containers: [{ name: 'app', env: many(60_000, (i) => ({ name: `U${i}` })) }] },
    ),
    /configuration|injected/,
  ],
  'variables of the user’s volumes': [
    pod(
      { secrets: 'a' },
      {
        containers: [
          {
            name: 'app',
            env: many(25_000, () => ({
              name: 'a',
              valueFrom: { fileKeyRef: { volumeName: 'akv-injector-env' } },
            })),
          },
        ],
      },
    ),
    /may only be read by the webhook's own variables/,
  ],
  'a mount path of megabytes': [
    withMounts([{ name: 'v', mountPath: '/a'.repeat(1_450_000) }]),
    /at most 4096 characters/,
  ],
  'mounts at our path': [
    withMounts(many(40_000, () => ({ name: 'v', mountPath: '/mnt/secrets-store' }))),
    /mounted read-only at/,
  ],
  'mounts above our path, of very many volumes': [
    pod(
      { secrets: 'a' },
      {
        containers: [
          {
            name: 'app',
            volumeMounts: many(25_000, (n) => ({ name: `v${n}`, mountPath: '/mnt' })),
          },
        ],
        volumes: many(25_000, (n) => ({ name: `v${n}`, csi: { driver: 'd' }, image: null })),
      },
    ),
    /injected/,
  ],
  'mounts of our volumes': [
    withMounts(many(40_000, () => ({ name: 'akv-injector-identity', mountPath: '/x' }))),
    /may only be mounted by the webhook/,
  ],
  'volumes of our names': [
    pod(
      { secrets: 'a' },
      { containers: named(1), volumes: many(60_000, () => ({ name: 'akv-injector-files' })) },
    ),
    /this name is reserved for the webhook/,
  ],
  'a configuration of megabytes': [
    withAgentEnv([
      { name: 'AKV_INJECTOR_CONFIG', value: `${'['.repeat(1_400_000)}${']'.repeat(1_400_000)}` },
    ]),
    /already exists/,
  ],
  'names of containers that are too long together': [
    pod({ secrets: 'a' }, { containers: many(1000, (i) => ({ name: `${i}${'"'.repeat(1400)}` })) }),
    /at most 98304 bytes/,
  ],
  'histories on deep paths': [
    pod({
      objects: many(
        7,
        (i) =>
          `- { objectName: s${i}, objectType: secret, objectVersionHistory: 100, objectAlias: "${'a/'.repeat(2000)}x${i}" }`,
      ).join('\n'),
    }),
    /found \d+ characters in all paths/,
  ],
  'folders on deep paths': [
    pod({ secrets: many(60, (i) => `${'a/'.repeat(2000)}x${i}=tls/web`).join('\n') }),
    /found \d+ characters in all paths/,
  ],
  'files on paths as deep as they may be': [
    pod({ secrets: many(30, (i) => `${'a/'.repeat(2000)}x${i}=web`).join('\n') }),
    /at most 98304 bytes/,
  ],
  'histories without end': [
    pod({
      objects: many(
        400,
        (i) => `- {objectName: s${i}, objectType: secret, objectVersionHistory: 100}`,
      ).join('\n'),
    }),
    /more than 3000|found 40000 versions/,
  ],
  ...Object.fromEntries(
    ['[,', '}', 'k: v\n', '- [[[[\n', '"', '&a ', '*a ', '? ', ': ', 'a: ', '- '].map((piece) => [
      `object lists of nothing but ${JSON.stringify(piece)}`,
      [pod({ objects: piece.repeat(32_000 / piece.length) }), /more than 3000 lines/] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['? ', ': ', 'a: b\n', '"" ', '- ', '['].map((piece) => [
      `object lists of as much ${JSON.stringify(piece)} as is parsed`,
      [pod({ objects: piece.repeat(1450) }), /plain YAML|valid YAML/] as const,
    ]),
  ),
  'object lists of as many items as are parsed': [
    pod({ objects: `[${'a,'.repeat(2900)}]` }),
    /more than 3000|expected the fields/,
  ],
  'templates of nothing but openings': [
    pod({ 'template.x': '${'.repeat(60_000) }),
    /found \d+ templates and "\$\{" in total; accepted: at most 2000/,
  ],
  'templates of nothing but references': [
    pod({ 'template.x': '${a}'.repeat(60_000) }),
    /found \d+ templates and "\$\{" in total; accepted: at most 2000/,
  ],
  'templates without end': [
    pod(Object.fromEntries(many(8000, (i) => [`template.${i}`, '']))),
    /found \d+ templates and "\$\{" in total; accepted: at most 2000/,
  ],
  'entries without end': [pod({ secrets: 'a,'.repeat(120_000) }), /found more than 2000 entries/],
  'nothing but commas': [pod({ secrets: ','.repeat(250_000) }), /nothing to fetch/],
  'amounts without end': [
    pod({ secrets: 'a', 'agent-limits': 'cpu=1,'.repeat(40_000) }),
    /expected a list such as "cpu=10m/,
  ],
  'an amount of many digits': [
    pod({ secrets: 'a', 'agent-limits': `cpu=${'1'.repeat(250_000)}x` }),
    /isn't a valid quantity/,
  ],
  'a name of a variable of many letters': [
    pod({ env: `${'V'.repeat(250_000)}=s` }),
    /isn't a valid variable name/,
  ],
  'names of containers without end': [
    pod({ secrets: 'a', containers: many(30_000, (i) => `c${i}`).join() }),
    /expected 1 to 1000 names/,
  ],
  'keys without end': [
    pod(Object.fromEntries(many(10_000, (i) => [`k${i}`, '']))),
    /unknown annotation; accepted after akv-injector/,
  ],
}
