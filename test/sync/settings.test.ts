import t from 'tap'
import { readSyncSettings } from '../../sync/settings.ts'

const flags = { serviceAccounts: ['team-a=web'], healthListen: '127.0.0.1:0' }
const read = (serviceAccounts: string | string[], env: NodeJS.ProcessEnv = {}) =>
  readSyncSettings({ ...flags, serviceAccounts: [serviceAccounts].flat() }, env)

t.test('accounts are listed by namespace', async (t) => {
  for (const list of [['team-a=web+api.v2', 'team-b=web'], 'team-a=web+api.v2; team-b=web;'])
    t.match(read(list), {
      value: {
        accounts: new Map([
          ['team-a', new Set(['web', 'api.v2'])],
          ['team-b', new Set(['web'])],
        ]),
        healthListen: { host: '127.0.0.1', port: 0 },
        logLevel: 'info',
      },
    })
})

t.test('an invalid list is refused with the expected format', async (t) => {
  for (const text of [
    '',
    ';',
    'web',
    'team-a=',
    'team-a=web+',
    '=web',
    'a=b=c',
    'A=web',
    'a=W',
    'a.b=web',
  ])
    t.match(
      read(text),
      { problems: [/^--service-accounts ".*": .*expected NAMESPACE=NAME\+NAME/] },
      text,
    )
  t.match(read('a=x;a=y'), { problems: [/the namespace is listed twice$/] })
  t.match(read(['a=x', 'a=y']), { problems: [/the namespace is listed twice$/] })
  t.match(read(`a=${'x'.repeat(10_000)}\n`), { problems: [/^[^\n]{0,250}$/] })
})

t.test('settings are read as in the webhook, except for the image', async (t) => {
  const tenant = '11111111-1111-1111-1111-111111111111'
  t.match(
    read('a=b', { AKV_INJECTOR_DEFAULT_TENANT_ID: tenant, AKV_INJECTOR_LOG_LEVEL: 'debug' }),
    {
      value: { policy: { defaultTenantId: tenant }, logLevel: 'debug' },
    },
  )
})

t.test('all invalid settings are reported at once', async (t) => {
  const wrong = { serviceAccounts: ['x'], healthListen: '8080' }
  const env = { AKV_INJECTOR_DEFAULT_VAULT: '-', AKV_INJECTOR_MISSPELT: 'x' }
  t.match(readSyncSettings(wrong, env), {
    problems: [
      /^--service-accounts "x"/,
      /^--health-listen "8080": expected an address/,
      /AKV_INJECTOR_MISSPELT/,
      /AKV_INJECTOR_DEFAULT_VAULT/,
    ],
  })
})
