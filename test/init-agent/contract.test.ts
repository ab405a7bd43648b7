import t from 'tap'
import {
  type AgentConfig,
  decodeConfig,
  encodeConfig,
  isVariableName,
  maxConfigBytes,
} from '../../init-agent/contract.ts'
import { longestMatched } from '../webhook/core/longest-matched.ts'

const config: AgentConfig = {
  version: 1,
  containers: ['app'],
  files: [{ object: { vault: 'team-a', type: 'secret', name: 'db' }, path: 'db$(HOME)' }],
  templates: [
    {
      path: 'app.conf',
      segments: ['password=', { object: { vault: 'team-a', type: 'secret', name: 'db' } }, '\n'],
    },
  ],
  env: [
    { object: { vault: 'team-a', type: 'secret', name: 'db' }, variable: 'DB', optional: true },
  ],
  fileMode: '0444',
  refreshSeconds: 300,
  timeoutSeconds: 120,
  onDeleted: 'keep',
  notify: 'http://127.0.0.1:8080/reload',
  logLevel: 'info',
  identity: { defaultTenantId: '00000000-0000-0000-0000-000000000000' },
  cloud: {
    authorityHost: 'https://login.microsoftonline.com',
    vaultUrl: 'https://{vault}.vault.azure.net',
    audience: 'https://vault.azure.net',
  },
}

t.test('the agent decodes what the webhook encodes', async (t) => {
  t.strictSame(decodeConfig(encodeConfig(config)), { value: config })
})

t.test('the kubelet finds nothing to expand in it', async (t) => {
  t.notMatch(encodeConfig(config), '$')
})

t.test('a newer version is distinguished from an invalid configuration', async (t) => {
  const newer = JSON.stringify({ ...config, version: 2, files: 'new form' })
  t.match(decodeConfig(newer), {
    isNewer: true,
    problem:
      /has version 2, but this agent knows only 1: the webhook is newer than AKV_INJECTOR_AGENT_IMAGE/,
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

t.test('the name of a variable has 253 characters at most', async (t) => {
  for (const [length, isValid] of [
    [1, true],
    [253, true],
    [254, false],
  ] as const)
    t.equal(isVariableName('V'.repeat(length)), isValid, `${length}`)
  const long = 'V'.repeat(64_000)
  t.equal(
    longestMatched(() => isVariableName(long)),
    0,
  )
})

t.test('the problem names the wrong member', async (t) => {
  const wrong: [string, unknown][] = [
    ['version', 0],
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
