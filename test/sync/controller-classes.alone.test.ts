import t, { type Test } from 'tap'
import { startController } from '../../sync/controller.ts'
import { oneSecret } from './harness/class-example.ts'
import { annotations, type Simulation, startSimulation } from './harness/simulation.ts'

/** The controller with its watches of accounts and classes. */
async function start(
  t: Test,
  prepare: (simulation: Simulation) => void = () => undefined,
): Promise<Simulation> {
  const simulation = await startSimulation(t)
  simulation.apiServer.rights.enable('team-a', ['web'])
  prepare(simulation)
  const controller = startController({
    ...simulation.options,
    kinds: ['SecretProviderClass'],
    watch: 'cluster',
  })
  t.teardown(async () => {
    simulation.stop.abort()
    await controller.ended()
  })
  return simulation
}

/** Waits for something that happens by itself. If it doesn't, the file runs into its timeout. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5))
}
const watching = ({ apiServer }: Simulation) => until(() => apiServer.watches() === 3)

t.test('a class and its account may come in any order, and change', async (t) => {
  for (const isClassFirst of [true, false]) {
    const simulation = await start(t)
    const { accounts, classes } = simulation.apiServer
    await watching(simulation)
    if (isClassFirst) classes.put('team-a', 'kv', oneSecret('synced'))
    accounts.put('team-a', 'web', {})
    if (!isClassFirst) classes.put('team-a', 'kv', oneSecret('synced'))
    await until(() => simulation.values('synced') !== undefined)
    classes.put('team-a', 'kv', oneSecret('renamed'))
    await until(() => simulation.values('renamed') !== undefined)
    await until(() => simulation.values('synced') === undefined)
  }
})

t.test('accounts are synced without the kind, which may come later', async (t) => {
  const simulation = await start(t, ({ apiServer }) => apiServer.classes.setKind('deleted'))
  const { accounts } = simulation.apiServer
  accounts.put('team-a', 'web', annotations('[{ secret: db, data: db-password }]'))
  await until(() => simulation.values('db') !== undefined)
  t.match(
    simulation.log.lines.filter(({ message }) => /SecretProviderClass/.test(String(message))),
    [
      {
        level: 'info',
        message: 'this cluster has no kind SecretProviderClass; looking for it again',
      },
    ],
  )
})

t.test('accounts are synced if classes can’t be read', async (t) => {
  const simulation = await start(t, ({ apiServer }) => {
    apiServer.before = ({ path }) =>
      path.endsWith('/secretproviderclasses') ? [403, { message: 'no' }] : undefined
  })
  const { accounts } = simulation.apiServer
  accounts.put('team-a', 'web', annotations('[{ secret: db, data: db-password }]'))
  await until(() => simulation.values('db') !== undefined)
  t.pass('the watch of classes goes on trying')
})

t.test('a restart knows the classes before it looks at an account', async (t) => {
  const status = 'SecretProviderClass/kv: AKV_SYNC_SOURCE since 2026-01-01T00:00:00Z'
  const simulation = await start(t, ({ apiServer }) => {
    apiServer.accounts.put('team-a', 'web', { 'akv-injector.io/sync-status': status })
    apiServer.classes.put('team-a', 'kv', { provider: 'azure', secretObjects: 'wrong' })
  })
  await until(() => simulation.apiServer.events.length === 2)
  await watching(simulation)
  const { annotationsOf } = simulation.apiServer.accounts
  t.equal(annotationsOf('team-a', 'web')?.['akv-injector.io/sync-status'], status)
})

t.test('a class that nobody reads is reported, and read once its account is there', async (t) => {
  const simulation = await start(t, ({ apiServer }) =>
    apiServer.classes.put('team-a', 'kv', oneSecret('synced')),
  )
  await until(() => simulation.apiServer.events.length === 1)
  t.match(simulation.events(), [/^SecretProviderClass team-a\/kv .*namespace team-a does not have/])
  simulation.apiServer.accounts.put('team-a', 'web', {})
  await until(() => simulation.values('synced') !== undefined)
})
