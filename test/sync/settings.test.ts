import t from 'tap'
import { readSyncSettings } from '../../sync/settings.ts'

const flags = { watch: 'cluster', healthListen: '127.0.0.1:0' }
const read = (env: NodeJS.ProcessEnv, more: object = {}) =>
  readSyncSettings({ ...flags, ...more }, env)

t.test('flags choose what is watched', async (t) => {
  t.match(read({}), { value: { watch: 'cluster', kinds: { length: 0 } } })
  t.match(read({}, { watch: 'namespaces', classes: true, externalSecrets: true }), {
    value: {
      watch: 'namespaces',
      kinds: ['SecretProviderClass', 'ExternalSecret'],
      healthListen: { host: '127.0.0.1', port: 0 },
      logLevel: 'info',
    },
  })
})

t.test('an invalid way to watch is refused with the accepted ones', async (t) => {
  for (const watch of ['', 'Cluster', 'all', 'x'.repeat(10_000), 'a\nb'])
    t.match(
      read({}, { watch }),
      { problems: [/^--watch "[^\n]{0,200}": expected cluster or namespaces$/] },
      watch,
    )
})

t.test('settings are read as in the webhook, except for the image', async (t) => {
  const tenant = '11111111-1111-1111-1111-111111111111'
  t.match(read({ AKV_INJECTOR_DEFAULT_TENANT_ID: tenant, AKV_INJECTOR_LOG_LEVEL: 'debug' }), {
    value: { policy: { defaultTenantId: tenant }, logLevel: 'debug' },
  })
})

t.test('all invalid settings are reported at once', async (t) => {
  const wrong = { watch: 'x', healthListen: '8080' }
  const env = { AKV_INJECTOR_DEFAULT_VAULT: '-', AKV_INJECTOR_MISSPELT: 'x' }
  t.match(readSyncSettings(wrong, env), {
    problems: [
      /^--watch "x"/,
      /^--health-listen "8080": expected an address/,
      /AKV_INJECTOR_MISSPELT/,
      /AKV_INJECTOR_DEFAULT_VAULT/,
    ],
  })
})
