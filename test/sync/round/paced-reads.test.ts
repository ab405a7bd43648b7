import t from 'tap'
import { accountEntry } from '../../../sync/account/account-entry.ts'
import { createRounds } from '../../../sync/round/round.ts'
import { freePace } from '../harness/free-pace.ts'
import { annotations, startSimulation } from '../harness/simulation.ts'

t.test('without an allowance, a round waits as a slow one before each Secret', async (t) => {
  const simulation = await startSimulation(t)
  const { apiServer, options } = simulation
  const order: string[] = []
  const pace = {
    ...freePace,
    hasAllowance: () => false,
    awaitLine: async () => void t.fail('the round would keep a slot that isn’t for slow ones'),
  }
  const names = ['db', 'mail', 'queue']
  const items = names.map((secret) => `{ secret: ${secret}, data: "password=db-password" }`)
  apiServer.accounts.put('team-a', 'web', annotations(`[${items.join(', ')}]`))
  const { before } = apiServer
  apiServer.before = (request) => {
    if (request.method === 'GET' && request.path.includes('/secrets/')) order.push('read')
    return before(request)
  }
  const [account] = (await options.cluster.accounts.list('team-a')).objects
  const entry = account && accountEntry(account, true)
  if (entry === undefined) throw new Error('there is no account')
  await createRounds({ ...options, pace })(entry, {
    awaitLine: async () => void order.push('wait'),
  })
  t.ok(simulation.values('queue'))
  const reads = order.filter((what) => what === 'read').length
  t.ok(reads > names.length, 'the record, and each Secret')
  t.equal(order.join(' '), Array(reads).fill('wait read').join(' '))
})
