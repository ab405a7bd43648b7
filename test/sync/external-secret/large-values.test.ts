import t from 'tap'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { vaultData } from '../harness/simulation.ts'

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
/** The vault bounds a value to 25 KiB. */
const large = 'x'.repeat(25_000)

t.test(
  'values that are too many to be kept are an error of the youngest, in each round',
  async (t) => {
    const secrets = numbers(200).map((n) => `large-${n}: ${large}`)
    const yaml = vaultData.replace('secrets: { db-password', `secrets: { ${secrets}, db-password`)
    const simulation = await start(t, ['web'], yaml)
    const { externalSecrets } = simulation
    externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
    const largeSpec = (first: number) =>
      secret({
        data: numbers(25).map((n) => ({
          secretKey: `key-${n}`,
          remoteRef: { key: `large-${first + n}` },
        })),
      })
    for (const first of [0, 25, 50, 75, 100, 125])
      externalSecrets.put('ExternalSecret', { name: `large-${first}` }, largeSpec(first))
    await simulation.round()
    t.match(ready(simulation), { status: 'True' })
    t.match(ready(simulation, 'large-25'), { status: 'True' }, 'up to the limit')

    const created = { creationTimestamp: '2026-02-01T00:00:00Z' }
    for (const first of [150, 175])
      externalSecrets.put('ExternalSecret', { name: `large-${first}` }, largeSpec(first), created)
    externalSecrets.put('ExternalSecret', { name: 'absent' }, secret({}, 'absent'))
    for (const round of ['regular', 'retry', 'retry again']) {
      await simulation.round()
      for (const name of ['db', 'large-0', 'large-125'])
        t.match(ready(simulation, name), { status: 'True' }, `${name} is older, ${round}`)
      t.match(
        ready(simulation, 'large-175'),
        {
          status: 'False',
          message:
            /^AKV_SYNC_VALUES: Secret large-175: its keys can't be made of the values in the vault: secret team-a:large-175, .* a ServiceAccount for 4 MiB of values/,
        },
        round,
      )
      t.notMatch(
        simulation.apiServer.accounts.annotationsOf('team-a', 'web')?.[
          'akv-injector.io/sync-status'
        ],
        /waiting/,
        'nothing just waits',
      )
    }
    simulation.azure.rotate({ vault: 'team-a', name: 'db-password', value: 'new' })
    simulation.pass(2 * 3_600_000)
    await simulation.round()
    t.strictSame(simulation.values('db'), { password: 'new' }, 'the older ones are kept up to date')
    externalSecrets.delete('ExternalSecret', 'large-0')
    await simulation.round()
    t.match(ready(simulation, 'large-150'), { status: 'True' }, 'there is room for the next one')
  },
)
