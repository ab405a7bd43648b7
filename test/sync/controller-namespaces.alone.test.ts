import t, { type Test } from 'tap'
import { startController } from '../../sync/controller.ts'
import { annotations, type Simulation, startSimulation } from './harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password" }]'
const other = '[{ secret: other, data: extra }]'

/** The controller beside namespaces that enable accounts or don't. */
async function start(
  t: Test,
  prepare: (simulation: Simulation) => void,
  watch: 'cluster' | 'namespaces' = 'cluster',
) {
  const simulation = await startSimulation(t)
  const { tokenOf } = simulation.apiServer
  simulation.apiServer.tokenOf = () => tokenOf('team-a', 'web')
  prepare(simulation)
  const controller = startController({
    ...simulation.options,
    kinds: ['ExternalSecret'],
    watch,
  })
  t.teardown(async () => {
    simulation.stop.abort()
    await controller.ended()
  })
  await until(() => controller.problem() === undefined)
  return { ...simulation, controller }
}

/** Waits for something that happens by itself. If it doesn't, the file runs into its timeout. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5))
}

const statesOf = async ({ options }: Pick<Simulation, 'options'>, state: string) => {
  const text = await options.metrics.text()
  return Number(new RegExp(`sync_namespaces\\{state="${state}"\\} (\\d+)`).exec(text)?.[1])
}

t.test('an account is enabled while the controller runs', async (t) => {
  for (const watch of ['cluster', 'namespaces'] as const) {
    const { apiServer, values, options } = await start(
      t,
      ({ apiServer: { rights, accounts } }) => {
        rights.set('team-a', [])
        accounts.put('team-a', 'web', annotations(db))
      },
      watch,
    )
    t.equal(await statesOf({ options }, 'ready'), 0)
    apiServer.rights.enable('team-a', ['web'])
    // A change of the account is a reason to look soon. Otherwise, it takes minutes.
    if (watch === 'cluster') apiServer.accounts.put('team-a', 'web', annotations(db))
    else apiServer.rights.touch('team-a')
    await until(() => values('db') !== undefined)
    t.equal(await statesOf({ options }, 'ready'), 1)
    t.notOk(apiServer.events.some(({ message }) => /NOT_ENABLED/.test(message)))
  }
})

t.test('nothing is read or written in a namespace that enables no account', async (t) => {
  const { apiServer, values } = await start(t, ({ apiServer: { rights, accounts } }) => {
    rights.enable('team-a', ['web'])
    rights.set('team-b', [])
    accounts.put('team-b', 'web', annotations(other))
    accounts.put('team-a', 'web', annotations(db))
  })
  await until(() => values('db') !== undefined)
  apiServer.accounts.put('team-b', 'web', annotations(db))
  apiServer.accounts.put('team-a', 'web', annotations(other))
  await until(() => values('other') !== undefined)
  const touched = apiServer.requests.filter(({ path }) => path.includes('/namespaces/team-b/'))
  t.strictSame(touched, [])
  t.notOk(apiServer.requests.some(({ path }) => /namespaces\/[^/]+\/serviceaccounts$/.test(path)))
})

t.test('what is enabled can be taken back, and the Secrets stay', async (t) => {
  const { apiServer, values, options } = await start(t, ({ apiServer: { rights, accounts } }) => {
    rights.enable('team-a', ['web'])
    accounts.put('team-a', 'web', annotations(db))
  })
  await until(() => values('db') !== undefined)
  const { length } = apiServer.requests.filter(({ method }) => method === 'DELETE')
  apiServer.rights.delete('team-a', 'begin')
  await until(async () => (await statesOf({ options }, 'terminating')) === 1)
  t.notMatch(await options.metrics.text(), /account="web",state/)
  apiServer.accounts.put('team-a', 'web', annotations(other))
  apiServer.accounts.delete('team-a', 'web')
  apiServer.rights.delete('team-a')
  await until(async () => (await statesOf({ options }, 'terminating')) === 0)
  t.ok(values('db'), 'nothing was deleted')
  t.equal(apiServer.requests.filter(({ method }) => method === 'DELETE').length, length)
})

t.test(
  'strangers with huge objects that keep changing are left out, and delay nobody',
  async (t) => {
    const huge = 'x'.repeat(900_000)
    const { apiServer, values } = await start(t, ({ apiServer: { rights, accounts } }) => {
      rights.enable('team-a', ['web'])
      rights.set('stranger', [])
      for (let i = 0; i < 60; i++)
        accounts.put('stranger', `huge-${i}`, { 'example.com/notes': huge })
    })
    const stop = new AbortController()
    t.teardown(() => stop.abort())
    let changes = 0
    const change = async () => {
      for (; !stop.signal.aborted; changes++) {
        apiServer.accounts.put('stranger', `huge-${changes % 60}`, { 'example.com/notes': huge })
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
    }
    void change()
    await until(() =>
      apiServer.requests.some(
        ({ method, query }) =>
          method === 'WATCH' && query.get('fieldSelector') === 'metadata.namespace!=stranger',
      ),
    )
    apiServer.accounts.put('team-a', 'web', annotations(db))
    await until(() => values('db') !== undefined)
    await until(() => changes > 50)
  },
)

t.test('a ClusterSecretStore says whether it is valid, and nothing of a namespace', async (t) => {
  const { apiServer } = await start(t, ({ apiServer: { rights, externalSecrets }, azure }) => {
    const vaultUrl = azure.vaultUrl.replace('{vault}', 'team-a')
    const store = (more: object) => ({ provider: { azurekv: { vaultUrl, ...more } } })
    rights.enable('team-a', ['web'])
    const put = (name: string, spec: object) =>
      externalSecrets.put('ClusterSecretStore', { name }, spec)
    put('good', store({}))
    put('elsewhere', { ...store({}), conditions: [{ namespaces: ['team-z'] }] })
    put('wrong', store({ tenantId: 'no-uuid' }))
    put('other', { provider: { vault: {} } })
  })
  const ready = (name: string) =>
    apiServer.externalSecrets.status('ClusterSecretStore', name)?.conditions[0]
  await until(() => ['good', 'elsewhere', 'wrong'].every((name) => ready(name) !== undefined))
  t.match(ready('good'), { status: 'True', reason: 'Valid', message: 'store validated' })
  t.match(ready('elsewhere'), { status: 'True', reason: 'Valid' })
  t.match(ready('wrong'), { status: 'False', reason: 'InvalidProviderConfig', message: /tenantId/ })
  t.equal(ready('other'), undefined)
})
