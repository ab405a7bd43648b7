import t from 'tap'
import { identity } from '../../sync/harness/external-secret-simulation.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { openSyncTestbed } from './harness/sync-testbed.ts'

/** Tests `syncWindows`, whose times the test chooses around the controller's clock. */
const testbed = await openSyncTestbed(t, { readsSources: true })
const { cluster, azure, namespace, options } = testbed
const apiVersion = 'external-secrets.io/v1'
const minuteMs = 60_000

const apply = (kind: string, name: string, spec: object) =>
  cluster.apply({ apiVersion, kind, metadata: { name, namespace }, spec })
const put = async (name: string, syncWindows?: object) =>
  expectSuccess(
    await apply('ExternalSecret', name, {
      refreshInterval: '30m',
      secretStoreRef: { name: 'kv' },
      data: [{ secretKey: 'password', remoteRef: { key: 'db-password' } }],
      ...(syncWindows && { syncWindows }),
    }),
  )
const values = async (...names: readonly string[]) =>
  await Promise.all(names.map(async (name) => (await testbed.values(name))?.['password']))
const rotate = (value: string) => azure.rotate({ vault: 'team-a', name: 'db-password', value })

t.test('windows hold back what is due until they open, and nothing else', async (t) => {
  await testbed.annotate(identity)
  const vaultUrl = azure.vaultUrl.replace('{vault}', 'team-a')
  expectSuccess(await apply('SecretStore', 'kv', { provider: { azurekv: { vaultUrl } } }))
  const opens = new Date(options.clock.wallTime() + 120 * minuteMs)
  const windows = [
    { schedule: `${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *`, duration: '1h' },
  ]
  await put('always')
  await put('allowed', { kind: 'allow', windows })
  await put('denied', { kind: 'deny', windows })
  await testbed.round()
  const names = ['always', 'allowed', 'denied']
  t.strictSame(
    await values(...names),
    names.map(() => 'correct horse'),
    'made outside windows, too',
  )

  rotate('second')
  testbed.pass(40 * minuteMs)
  await testbed.round()
  t.strictSame(await values(...names), ['second', 'correct horse', 'second'])
  testbed.restart()
  await testbed.round()
  t.strictSame(await values('allowed'), ['correct horse'], 'nor after a restart')

  rotate('third')
  testbed.pass(85 * minuteMs)
  await testbed.round()
  t.strictSame(await values(...names), ['third', 'third', 'second'], 'the window is open')
  await put('denied', {
    kind: 'deny',
    windows: [...windows, { schedule: '@daily', duration: '1m' }],
  })
  await testbed.round()
  t.strictSame(await values('denied'), ['third'], 'a change counts at any time')
})
