import t from 'tap'
import { identity, type Started, secret, start } from '../harness/external-secret-simulation.ts'

/** Runs a round. When it first asks for the account's record, the objects change, and the sources are assigned again. */
async function roundWith(simulation: Started, change: () => void) {
  let isDone = false
  simulation.apiServer.before = async ({ path }) => {
    if (isDone || !path.endsWith('/secrets/akv-injector-sync-web')) return undefined
    isDone = true
    change()
    await simulation.assignSources()
    return undefined
  }
  await simulation.round()
  simulation.apiServer.before = () => undefined
}

const uidOf = ({ apiServer }: Started) => apiServer.secrets.get('team-a/db')?.metadata.uid

t.test('an ExternalSecret that returns during a round keeps its Secret', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const uid = uidOf(simulation)
  externalSecrets.delete('ExternalSecret', 'db')
  await roundWith(simulation, () => externalSecrets.put('ExternalSecret', { name: 'db' }, secret()))
  t.equal(uidOf(simulation), uid)
  await simulation.round()
  t.equal(uidOf(simulation), uid)
})

t.test('an ExternalSecret that is for us again during a round keeps its Secret', async (t) => {
  const simulation = await start(t)
  const { externalSecrets } = simulation
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  const uid = uidOf(simulation)
  const theirs = { ...simulation.store(), controller: 'blue' }
  externalSecrets.put('SecretStore', { name: 'kv' }, theirs)
  await roundWith(simulation, () =>
    externalSecrets.put('SecretStore', { name: 'kv' }, simulation.store()),
  )
  t.equal(uidOf(simulation), uid)
})

t.test('an ExternalSecret that moves to another account leaves its Secret behind', async (t) => {
  const simulation = await start(t, ['web', 'api'])
  const { externalSecrets, apiServer } = simulation
  const storeOf = (name: string) => simulation.store({ serviceAccountRef: { name } })
  externalSecrets.put('SecretStore', { name: 'kv' }, storeOf('web'))
  externalSecrets.put('ExternalSecret', { name: 'db' }, secret())
  await simulation.round()
  t.not(uidOf(simulation), undefined)
  apiServer.accounts.put('team-a', 'api', identity)
  externalSecrets.put('SecretStore', { name: 'kv' }, storeOf('api'))
  await simulation.round()
  t.equal(uidOf(simulation), undefined, 'the account that doesn’t read it any more deletes it')
})
