import t from 'tap'
import { accountEntry } from '../../../sync/account/account-entry.ts'
import { createRounds } from '../../../sync/round/round.ts'
import { annotations, startSimulation } from '../harness/simulation.ts'

const db = '[{ secret: db, data: "password=db-password, url=db#url" }]'

t.test('the token of an account serves its next rounds', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  for (let i = 0; i < 5; i++) {
    await simulation.round()
    simulation.pass(301_000)
  }
  const signIns = simulation.azure.requests.filter(({ path }) => path.endsWith('/token'))
  t.equal(signIns.length, 1)
})

t.test('between rounds, an account keeps data, and no sessions or signals', async (t) => {
  const simulation = await startSimulation(t)
  simulation.apiServer.accounts.put('team-a', 'web', annotations(db))
  const [account] = (await simulation.options.cluster.accounts.list('team-a')).objects
  const entry = account && accountEntry(account, true)
  if (entry === undefined) throw new Error('there is no account')
  await createRounds(simulation.options)(entry)
  t.match(entry.state.access, { token: { value: String } })
  t.equal(entry.state.access?.values?.versions.size, 2)
  t.ok(structuredClone(entry), 'functions could not be cloned')
  t.equal(entry.running, undefined)
})

t.test('accounts share the maps that are empty', async (t) => {
  const simulation = await startSimulation(t)
  for (const name of ['web', 'api'])
    simulation.apiServer.accounts.put(
      'team-a',
      name,
      annotations(`[{ secret: ${name}, data: "extra" }]`),
    )
  const { objects: accounts } = await simulation.options.cluster.accounts.list('team-a')
  const kept = await Promise.all(
    accounts.map(async (account) => {
      const entry = accountEntry(account, true)
      await createRounds(simulation.options)(entry)
      return emptyCollections(entry.state)
    }),
  )
  t.ok(kept[0]?.length)
  t.equal(new Set(kept.flat()).size, kept[0]?.length, 'all of them are shared')
})

/** All empty maps and sets in a state, each once. */
function emptyCollections(state: unknown): readonly unknown[] {
  const found = new Set<unknown>()
  const visit = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    const isCollection = value instanceof Map || value instanceof Set
    if (isCollection && value.size === 0) found.add(value)
    for (const part of isCollection ? value.values() : Object.values(value)) visit(part)
  }
  visit(state)
  return [...found]
}
