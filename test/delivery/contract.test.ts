import t from 'tap'
import {
  type AgentConfig,
  encodeConfig,
  hasFiles,
  isVariableName,
  readyPath,
  servesBetweenRefreshes,
  versionOf,
} from '../../delivery/contract.ts'
import { exampleConfig as config } from '../init-agent/harness/example-config.ts'
import { longestMatched } from '../webhook/core/longest-matched.ts'

t.test('the kubelet finds nothing to expand in it', async (t) => {
  t.notMatch(encodeConfig(config), '$')
})

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

const volumes = [
  { name: 'secrets-store', class: 'azure-kv' },
  { name: 'partner', class: 'partner' },
]

t.test(
  'without served volumes, a configuration has the bytes that agents of version 1 read',
  async (t) => {
    t.equal(
      encodeConfig({ ...config, version: versionOf(config) }),
      String.raw`{"version":1,"containers":["app"],"files":[{"object":{"vault":"team-a","type":"secret","name":"db"},"path":"db\u0024(HOME)"}],"templates":[{"path":"app.conf","segments":["password=",{"object":{"vault":"team-a","type":"secret","name":"db"}},"\n"]}],"env":[{"object":{"vault":"team-a","type":"secret","name":"db"},"variable":"DB","optional":true}],"fileMode":"0444","refreshSeconds":300,"timeoutSeconds":120,"onDeleted":"keep","notify":"http://127.0.0.1:8080/reload","logLevel":"info","identity":{"defaultTenantId":"00000000-0000-0000-0000-000000000000"},"cloud":{"authorityHost":"https://login.microsoftonline.com","vaultUrl":"https://{vault}.vault.azure.net","audience":"https://vault.azure.net"}}`,
    )
  },
)

t.test('only a configuration that an older agent would misread needs a newer one', async (t) => {
  t.equal(versionOf({ files: [] }), 1)
  t.equal(versionOf({ files: [], volumes }), 2)
  t.equal(versionOf({ files: [], staleAfterSeconds: 60 }), 3)
  t.equal(versionOf({ files: [], volumes, staleAfterSeconds: 60 }), 3)
  t.equal(versionOf({ files: [], opensGate: true }), 4)
  t.equal(versionOf({ files: [], volumes, staleAfterSeconds: 60, opensGate: true }), 4)
  const object = { vault: 'team-a', type: 'pfx', name: 'web' } as const
  const password = { vault: 'team-a', type: 'secret', name: 'password' } as const
  t.equal(versionOf({ files: [{ path: 'a', object, password }], volumes }), 6)
})

t.test('an agent stays between refreshes only if it has something to do then', async (t) => {
  t.equal(servesBetweenRefreshes({}), false)
  t.equal(servesBetweenRefreshes({ metricsPort: 19_980 }), true)
  t.equal(servesBetweenRefreshes({ staleAfterSeconds: 60 }), true)
})

t.test('the startup probe waits for the volume that is switched last', async (t) => {
  const none: AgentConfig = { ...config, files: [], templates: [], env: [] }
  const inVolume = config.files.map((file) => ({ ...file, volume: 'partner' }))
  for (const [expected, given] of [
    ['/akv/env/..data', { env: config.env }],
    ['/akv/files/..data', { files: config.files }],
    ['/akv/files/..data', { files: config.files, env: config.env }],
    ['/akv/files/..data', { templates: config.templates, env: config.env }],
    ['/akv/csi/partner/..data', { ...config, volumes }],
    ['/akv/csi/partner/..data', { files: inVolume, volumes }],
    ['/akv/csi/secrets-store/..data', { files: inVolume, volumes: volumes.toReversed() }],
  ] as const)
    t.equal(readyPath({ ...none, ...given }), expected, JSON.stringify(given))
})

t.test(
  'a pod has a volume for our own files only if some are outside of the served ones',
  async (t) => {
    const inVolume = config.files.map((file) => ({ ...file, volume: 'partner' }))
    const { templates } = config
    t.equal(hasFiles({ files: inVolume, templates: [] }), false)
    t.equal(hasFiles({ files: [...inVolume, ...config.files], templates: [] }), true)
    t.equal(hasFiles({ files: inVolume, templates }), true)
  },
)
