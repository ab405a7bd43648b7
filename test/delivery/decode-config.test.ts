import t from 'tap'
import {
  type AgentConfig,
  contractVersion,
  encodeConfig,
  maxConfigBytes,
  maxServedVolumes,
} from '../../delivery/contract.ts'
import { decodeConfig } from '../../delivery/decode-config.ts'
import { exampleConfig as config } from '../init-agent/harness/example-config.ts'

const served: AgentConfig = {
  ...config,
  version: 2,
  volumes: [
    { name: 'secrets-store', class: 'azure-kv' },
    { name: 'partner', class: 'partner.example' },
  ],
  files: [
    ...config.files,
    { object: { vault: 'team-a', type: 'secret', name: 'db' }, path: 'db', volume: 'partner' },
  ],
}

const keyStore = {
  path: 'a.p12',
  object: { vault: 'team-a', type: 'pfx', name: 'web' },
  password: { vault: 'team-a', type: 'secret', name: 'password' },
} as const

t.test('the agent decodes what the webhook encodes', async (t) => {
  const watched = { ...served, version: 3, staleAfterSeconds: 7200, metricsPort: 19_980 } as const
  const gated = { ...watched, version: 4, opensGate: true } as const
  const locked = { ...gated, version: 6, files: [keyStore] } as const
  for (const each of [config, served, watched, gated, locked])
    t.strictSame(decodeConfig(encodeConfig(each)), { kind: 'valid', value: each })
})

t.test('a newer version is distinguished from an invalid configuration', async (t) => {
  const newer = JSON.stringify({ ...config, version: contractVersion + 1, files: 'new form' })
  t.match(decodeConfig(newer), {
    isNewer: true,
    problem: `AKV_INJECTOR_CONFIG has version ${contractVersion + 1}, but this agent knows only ${contractVersion}: the webhook is newer than AKV_INJECTOR_AGENT_IMAGE`,
  })
})

t.test(
  'a configuration larger than any webhook writes is refused before it is parsed',
  async (t) => {
    const json = encodeConfig(config)
    t.match(decodeConfig(json.padEnd(maxConfigBytes)), { value: config })
    t.match(decodeConfig(json.padEnd(maxConfigBytes + 1)), {
      problem: 'AKV_INJECTOR_CONFIG is larger than 98304 bytes',
    })
  },
)

t.test('the problem names the wrong member', async (t) => {
  const wrong: [string, unknown][] = [
    ['version', 0],
    ['version', 3],
    ['version', 4],
    ['version', 6],
    ['files', [{ ...keyStore, password: 'text' }]],
    ['files', [{ ...keyStore, password: { ...keyStore.password, type: 'key' } }]],
    ['opensGate', false],
    ['staleAfterSeconds', 0],
    ['staleAfterSeconds', '2h'],
    ['metricsPort', 80],
    ['metricsPort', 65_536],
    ['metricsPort', '19980'],
    ['containers', [1]],
    ['files', [{ path: 'a', object: { vault: '../x', type: 'secret', name: 'a' } }]],
    ['files', [{ path: 'a' }]],
    ['files', [{ ...config.files[0], object: { vault: 'team-a', type: 'toString', name: 'a' } }]],
    ['files', [{ ...config.files[0], mode: '444' }]],
    ['files', [{ ...config.files[0], mode: '4755' }]],
    ['files', [{ ...config.files[0], encoding: 'rot13' }]],
    ['files', [{ ...config.files[0], property: '' }]],
    ['files', [{ ...config.files[0], format: 'pfx' }]],
    ['files', [{ ...config.files[0], versions: 0 }]],
    ['files', [{ ...config.files[0], versions: 1.5 }]],
    ['templates', undefined],
    ['templates', [{ path: 'a' }]],
    ['templates', [{ path: 'a', segments: [7] }]],
    ['templates', [{ path: 'a', segments: [{ object: 'db' }] }]],
    ['env', [{ ...config.env[0], variable: 'A=B' }]],
    ['fileMode', '4755'],
    ['refreshSeconds', -1],
    ['timeoutSeconds', '2m'],
    ['onDeleted', 'drop'],
    ['notify', 'http://10.0.0.1:80/'],
    ['logLevel', 'loud'],
    ['identity', null],
    ['cloud', { ...config.cloud, vaultUrl: 'http://{vault}.example' }],
  ]
  for (const [name, value] of wrong)
    t.match(decodeConfig(JSON.stringify({ ...config, [name]: value })), {
      problem: new RegExp(`"${name}.*" is missing or wrong`),
    })
  for (const text of ['', '[]', 'null', '1', '{'])
    t.match(decodeConfig(text), { problem: /is not/ }, text)
})

t.test('the problem names a wrong member of the served volumes', async (t) => {
  const [first] = served.volumes ?? []
  const wrong: [string, Partial<Record<keyof AgentConfig, unknown>>][] = [
    ['version', { version: 1 }],
    ['version', { volumes: undefined, files: config.files }],
    ['volumes', { volumes: [] }],
    ['volumes', { volumes: null }],
    [
      'volumes',
      { volumes: Array.from({ length: 33 }, (_, i) => ({ name: `v${i}`, class: 'c' })), files: [] },
    ],
    ['volumes[1].name', { volumes: [first, first] }],
    ['volumes[1].class', { volumes: [first, { name: 'b' }] }],
    ['files[1].volume', { volumes: [first] }],
    ['files[0].volume', { files: [{ ...config.files[0], volume: '' }] }],
    ['files[0].volume', { files: [{ ...config.files[0], volume: 'toString' }] }],
    ['files[0].volume', { files: [{ ...config.files[0], volume: 1 }] }],
  ]
  for (const name of ['', 'A', '..', '../x', 'a/b', 'a.b', '-a', 'v'.repeat(64), 7])
    wrong.push(['volumes[0].name', { volumes: [{ name, class: 'c' }] }])
  for (const name of ['', 'A', '..', 'a/b', 'a..b', 'c'.repeat(254), null])
    wrong.push(['volumes[0].class', { volumes: [{ name: 'v', class: name }] }])
  for (const [member, change] of wrong)
    t.strictSame(
      decodeConfig(JSON.stringify({ ...served, ...change })),
      { kind: 'invalid', problem: `AKV_INJECTOR_CONFIG: "${member}" is missing or wrong` },
      JSON.stringify(change),
    )
})

t.test('a pod has as many served volumes as the bound says', async (t) => {
  const volumes = Array.from({ length: maxServedVolumes }, (_, i) => ({
    name: `v${i}`.padEnd(63, 'x'),
    class: 'c'.repeat(253),
  }))
  t.match(decodeConfig(encodeConfig({ ...served, volumes, files: config.files })), {
    value: { volumes },
  })
})
