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

t.test('roll-outs have settings, which are read only if they are on', async (t) => {
  t.equal(JSON.stringify(read({})).includes('rollouts'), false)
  const rollouts = { intervalMs: 300_000, concurrent: 5, minIntervalMs: 600_000, maxPerDay: 6 }
  t.match(read({}, { rollouts: true }), { value: { rollouts } })
  const env = {
    AKV_INJECTOR_ROLLOUTS_CONCURRENT: '100',
    AKV_INJECTOR_ROLLOUTS_INTERVAL: '24h',
    AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY: '1',
    AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL: '1m',
  }
  t.match(read(env, { rollouts: true }), {
    value: {
      rollouts: { intervalMs: 86_400_000, concurrent: 100, minIntervalMs: 60_000, maxPerDay: 1 },
    },
  })
  const wrong = {
    AKV_INJECTOR_ROLLOUTS_CONCURRENT: '0',
    AKV_INJECTOR_ROLLOUTS_INTERVAL: '59s',
    AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY: '101',
    AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL: '24h1s',
  }
  t.match(read(wrong, { rollouts: true }), {
    problems: [
      /^AKV_INJECTOR_ROLLOUTS_INTERVAL "59s": expected a duration from "1m" to "24h"$/,
      /^AKV_INJECTOR_ROLLOUTS_CONCURRENT "0": expected a number from 1 to 100$/,
      /^AKV_INJECTOR_ROLLOUTS_MIN_INTERVAL "24h1s"/,
      /^AKV_INJECTOR_ROLLOUTS_MAX_PER_DAY "101"/,
    ],
  })
})
