import t from 'tap'
import { describeField } from '../../../../lib/problems/problem.ts'
import {
  settingNames,
  unknownNames,
} from '../../../../requests/administrator/settings/setting-names.ts'

t.test('a misspelt setting is refused with the nearest one', async (t) => {
  const nearest: [string, string][] = [
    ['AKV_INJECTOR_VAULTURL', 'AKV_INJECTOR_VAULT_URL'],
    ['AKV_INJECTOR_LISTENS', 'AKV_INJECTOR_LISTEN'],
    ['AKV_INJECTOR_listen', 'AKV_INJECTOR_LISTEN'],
    ['AKV_INJECTOR_ALLOWED_VAULT', 'AKV_INJECTOR_ALLOWED_VAULTS'],
  ]
  for (const [name, setting] of nearest)
    t.match(unknownNames({ [name]: '8443' }), [
      { path: [name], sentence: new RegExp(`did you mean ${setting}\\?$`) },
    ])
})

t.test('a name that is near to none gets the list', async (t) => {
  const [problem] = unknownNames({ [`AKV_INJECTOR_${'X'.repeat(100_000)}`]: '' })
  t.equal(problem?.sentence, `unknown setting; accepted: ${settingNames.join(', ')}`)
  t.ok(problem && describeField(problem).length < 100)
})

t.test("the agent's configuration is not a setting of the webhook", async (t) => {
  t.match(unknownNames({ AKV_INJECTOR_CONFIG: '{}' }), [
    { sentence: /set by the webhook for the agent/ },
  ])
})

t.test('variables that the kubelet adds for Services are ignored', async (t) => {
  const links = (prefix: string) => ({
    [`${prefix}_SERVICE_HOST`]: '10.0.0.1',
    [`${prefix}_SERVICE_PORT`]: '443',
    [`${prefix}_SERVICE_PORT_HTTPS`]: '443',
    [`${prefix}_PORT`]: 'tcp://10.0.0.1:443',
    [`${prefix}_PORT_443_TCP`]: 'tcp://10.0.0.1:443',
    [`${prefix}_PORT_443_TCP_PROTO`]: 'tcp',
    [`${prefix}_PORT_443_TCP_PORT`]: '443',
    [`${prefix}_PORT_443_TCP_ADDR`]: 'fd00::1',
  })
  t.strictSame(unknownNames(links('AKV_INJECTOR')), [])
  t.strictSame(unknownNames(links('AKV_INJECTOR_WEBHOOK')), [])
})

t.test(
  'a setting with the name of a Service’s variable and another value isn’t ignored',
  async (t) => {
    for (const [name, value] of [
      ['AKV_INJECTOR_PORT', '8443'],
      ['AKV_INJECTOR_SERVICE_HOST', 'akv.example'],
      ['AKV_INJECTOR_SERVICE_PORT', 'https'],
    ] as const)
      t.match(unknownNames({ [name]: value }), [{ path: [name] }])
  },
)
