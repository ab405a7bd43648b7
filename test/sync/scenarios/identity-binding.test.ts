import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Emulator } from '../../../emulator/emulator.ts'
import { connectTokenProxy, type Exchange } from '../../../keyvault/clients/connection.ts'
import { systemClock } from '../../../lib/clock.ts'
import { followTokenProxy } from '../../../sync/fetch/follow-token-proxy.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { annotations, startSimulation, webId } from '../harness/simulation.ts'

/** The account may use the identity both ways. */
const yaml = `
identities:
  - clientId: ${webId}
    federatedCredentials: [{ subject: 'system:serviceaccount:team-a:web' }]
    boundAccounts: ['system:serviceaccount:team-a:web']
vaults:
  team-a: { readers: [${webId}], secrets: { db-password: correct horse } }
`
const sync = '[{ secret: db, data: "password=db-password" }]'
const bound = annotations(sync, { 'azure.workload.identity/use-identity-binding': 'True' })
const federated = annotations(sync)

function proxyOf({ tokenProxy }: Emulator) {
  if (!tokenProxy) throw new Error('there is no token proxy')
  return { url: tokenProxy.url, serverName: tokenProxy.serverName, ca: tokenProxy.caPem }
}

/** One pool for all rounds, as the controller has it. */
async function start(t: Test, change: object = {}) {
  let exchange: Exchange | undefined
  const simulation = await startSimulation(t, {
    yaml,
    exchange: (azure) => {
      exchange ??= connectTokenProxy({ ...proxyOf(azure), ...change })
      return exchange
    },
  })
  t.teardown(() => exchange?.agent.destroy())
  const posts = (requests: Emulator['requests']) =>
    requests.filter(({ method }) => method === 'POST').length
  return {
    simulation,
    web: (how: Record<string, string>) => simulation.apiServer.accounts.put('team-a', 'web', how),
    exchanges: () => posts(simulation.azure.tokenProxy?.requests ?? []),
    signIns: () => posts(simulation.azure.requests),
    audiences: () =>
      simulation.apiServer.requests
        .filter(({ path }) => path.endsWith('/token'))
        .map(({ body }) => Object(body).spec.audiences.join()),
  }
}

t.test('an account signs in at the token proxy, with a token for it', async (t) => {
  const { simulation, web, exchanges, signIns, audiences } = await start(t)
  web(bound)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
  t.strictSame([exchanges(), signIns()], [1, 0])
  t.strictSame(audiences(), ['api://AKSIdentityBinding'])
  t.notMatch(JSON.stringify([simulation.log.lines, simulation.apiServer.events]), /eyJ/)
})

t.test('an account that changes its way doesn’t keep the token of the other', async (t) => {
  const { simulation, web, exchanges, signIns, audiences } = await start(t)
  for (const how of [federated, bound, federated]) {
    web(how)
    await simulation.round()
  }
  t.strictSame([exchanges(), signIns()], [1, 2])
  t.strictSame(audiences(), [
    'api://AzureADTokenExchange',
    'api://AKSIdentityBinding',
    'api://AzureADTokenExchange',
  ])
})

t.test('a token is kept between rounds', async (t) => {
  const { simulation, web, exchanges } = await start(t)
  web(bound)
  for (let round = 0; round < 3; round++) {
    await simulation.round()
    simulation.pass(301_000)
  }
  t.equal(exchanges(), 1)
})

t.test('each failure is an event with its code, and other accounts go on', async (t) => {
  const { certificatePem: ca } = await issueTestAuthority()
  const cases = [
    [{ ca }, 'AKV_BINDING_CA'],
    [{ serverName: 'aother.ests.aks' }, 'AKV_BINDING_SERVER_NAME'],
    [{ url: 'https://127.0.0.1:1' }, 'AKV_NETWORK'],
  ] as const
  for (const [change, code] of cases) {
    const { simulation, web, signIns } = await start(t, change)
    web(bound)
    await simulation.round()
    t.match(simulation.events(), [new RegExp(`SyncFailed: .*${code}: `)], code)
    t.equal(signIns(), 0, 'Entra isn’t asked')
    web(federated)
    await simulation.round()
    t.ok(simulation.values('db'))
  }
})

t.test('while the token proxy isn’t known, an account waits, and says why', async (t) => {
  const caFile = join(t.testdir(), 'ca.crt')
  const { log } = memoryLog()
  const end = new AbortController()
  t.teardown(() => end.abort())
  let follow: (() => Exchange) | undefined
  const simulation = await startSimulation(t, {
    yaml,
    exchange: (azure) => {
      const { url } = proxyOf(azure)
      follow ??= followTokenProxy({ url, caFile }, { clock: systemClock, log, signal: end.signal })
      return follow()
    },
  })
  simulation.apiServer.accounts.put('team-a', 'web', bound)
  await simulation.round()
  t.match(simulation.events(), [/AKV_BINDING_SERVER_NAME: .*can't be used now: .*ca\.crt/])
  writeFileSync(caFile, proxyOf(simulation.azure).ca)
  const isKnown = () => {
    try {
      return follow?.() !== undefined
    } catch {
      return false
    }
  }
  while (!isKnown()) await delay(20)
  t.teardown(() => follow?.().agent.destroy())
  simulation.pass(3_600_000)
  await simulation.round()
  t.strictSame(simulation.values('db'), { password: 'correct horse' })
})
