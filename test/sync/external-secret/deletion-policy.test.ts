import t from 'tap'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { vaultData } from '../harness/simulation.ts'

const policies = ['Retain', 'Merge', 'Delete'] as const
const founds = { all: ['here', 'here'], some: ['here', 'gone'], none: ['gone', 'gone'] } as const
/** The Secret before: missing, as we left it, or with a key that somebody else has written. */
const befores = ['missing', 'ours', 'shared'] as const

const cases = policies.flatMap((policy) =>
  Object.entries(founds).flatMap(([found, objects]) =>
    befores.map((before) => ({
      name: `${policy}-${found}-${before}`.toLowerCase(),
      policy,
      found,
      objects,
      before,
    })),
  ),
)

/** What becomes of the keys: undefined if there is no Secret then. */
function expectedOf({ policy, found, before }: (typeof cases)[number]) {
  const theirs = before === 'shared' ? { theirs: 'x' } : {}
  const all = { a: 'value', b: 'value', ...theirs }
  if (found === 'all') return all
  // The controller still has the last values, also for a Secret that somebody has deleted.
  if (policy === 'Retain') return all
  if (found === 'some') return { a: 'value', ...theirs }
  return policy === 'Delete' && before !== 'shared' ? undefined : theirs
}

const yaml = vaultData.replace(
  'secrets: { db-password',
  'secrets: { here: value, gone: value, db-password',
)

t.test('what becomes of a Secret whose objects are gone, in each case', async (t) => {
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets, apiServer, azure } = simulation
  for (const { name, policy, objects } of cases)
    externalSecrets.put(
      'ExternalSecret',
      { name },
      secret({
        target: { deletionPolicy: policy },
        data: objects.map((key, index) => ({ secretKey: 'ab'[index], remoteRef: { key } })),
      }),
    )
  await simulation.round()
  for (const { name, before } of cases) {
    if (before === 'missing') apiServer.secrets.delete(`team-a/${name}`)
    if (before === 'shared') apiServer.secrets.edit(`team-a/${name}`, { data: { theirs: 'x' } })
  }
  azure.update({ vault: 'team-a', name: 'gone', deleted: true })
  simulation.pass(3_600_000)
  await simulation.round()
  for (const one of cases) {
    const { name, policy, found } = one
    const expected = expectedOf(one)
    t.strictSame(simulation.values(name), expected, name)
    const isFailing = policy === 'Retain' && found !== 'all'
    const reason = isFailing
      ? 'SecretSyncedError'
      : expected === undefined
        ? 'SecretDeleted'
        : 'SecretSynced'
    t.match(ready(simulation, name), { status: isFailing ? 'False' : 'True', reason }, name)
  }
  azure.update({ vault: 'team-a', name: 'gone', deleted: false })
  simulation.pass(2 * 3_600_000)
  await simulation.round()
  for (const { name } of cases)
    t.match(simulation.values(name), { a: 'value', b: 'value' }, `${name} is whole again`)
})

t.test('an outage, or a disabled object, deletes nothing', async (t) => {
  for (const policy of ['Merge', 'Delete']) {
    const simulation = await start(t, ['web'], yaml)
    const { externalSecrets, azure } = simulation
    const spec = secret({ target: { deletionPolicy: policy } }, 'gone')
    externalSecrets.put('ExternalSecret', { name: 'db' }, spec)
    await simulation.round()
    for (const status of [403, 429, 500, 503]) {
      azure.addFault({ match: { service: 'vault' }, action: { kind: 'status', status } })
      simulation.pass(3_600_000)
      simulation.restart()
      await simulation.round()
      t.strictSame(simulation.values('db'), { password: 'value' }, `${policy}, ${status}`)
      t.match(ready(simulation), { status: 'False' })
      azure.clearFaults()
      simulation.pass(3_600_000)
      await simulation.round()
      t.match(ready(simulation), { status: 'True' })
    }
  }
})
