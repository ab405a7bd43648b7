import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AgentConfig } from '../../delivery/contract.ts'
import { bindingAudience, tokenAudience } from '../../lib/azure/token-audience.ts'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { clientId, startTestEmulator } from '../support/servers/start-test-emulator.ts'
import { makePod, runToEnd, secretFile } from './harness/pod.ts'
import { runAgentInProcess } from './harness/run-agent-in-process.ts'

/** The account may use the identity both ways. */
const yaml = `
identities:
  - clientId: ${clientId}
    federatedCredentials: [{ subject: 'system:serviceaccount:default:web' }]
    boundAccounts: ['system:serviceaccount:default:web']
vaults:
  team-a: { readers: [${clientId}], secrets: { a: v } }
`
const variables = {
  AZURE_KUBERNETES_TOKEN_PROXY: 'https://thief.example',
  AZURE_KUBERNETES_SNI_NAME: 'thief.example',
  AZURE_KUBERNETES_CA_DATA: 'of the thief',
}
/** Nobody listens there. */
const proxies = { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: 'localhost' }

/** A pod as the webhook makes it for an identity binding. */
async function start(t: Test, overrides: Partial<AgentConfig> = {}) {
  const emulator = await startTestEmulator(t, { yaml, clusterId: '696995ccb303450001b31a18' })
  const { tokenProxy: proxy } = emulator
  if (!proxy) throw new Error('there is no token proxy')
  const tokenProxy = { url: proxy.url, serverName: proxy.serverName, ca: proxy.caPem }
  const pod = await makePod(t, emulator, {
    ...{ version: 5, files: [secretFile('a')], tokenProxy },
    ...overrides,
  })
  const writeToken = async (audience: string, serviceAccount = 'web') => {
    const wanted = { namespace: 'default', serviceAccount, audience }
    writeFileSync(pod.tokenFile, await emulator.serviceAccountToken(wanted))
  }
  await writeToken(bindingAudience)
  const signIns = () => emulator.requests.filter(({ method }) => method === 'POST').length
  const exchanges = () => proxy.requests.filter(({ method }) => method === 'POST').length
  return { emulator, proxy, tokenProxy, pod, writeToken, signIns, exchanges }
}

t.test('the agent exchanges its token at the token proxy, whatever its variables', async (t) => {
  const { pod, signIns, exchanges } = await start(t)
  const { code, lines, output } = await runToEnd(t, pod, { ...variables, ...proxies })
  t.equal(code, 0, output)
  t.equal(readFileSync(join(pod.files, 'a'), 'utf8'), 'v')
  t.equal(exchanges(), 1)
  t.equal(signIns(), 0, 'Entra isn’t asked')
  t.notOk(
    lines.some(({ message }) => message.includes('ignored')),
    'it uses a binding, so the variables are no surprise',
  )
  t.notMatch(output, /eyJ|thief/)
})

t.test('an agent without a binding ignores the variables, and says so once', async (t) => {
  const { pod, writeToken, signIns, exchanges } = await start(t)
  await writeToken(tokenAudience)
  const { tokenProxy: _, ...config } = pod.config
  const { code, lines, output } = await runToEnd(
    t,
    { ...pod, config: { ...config, version: 1 } },
    variables,
  )
  t.equal(code, 0, output)
  t.equal(signIns(), 1)
  t.equal(exchanges(), 0)
  t.match(
    lines.filter(({ message }) => message.includes('ignored')),
    [{ level: 'info', variables: Object.keys(variables) }],
  )
  t.notMatch(output, /thief/, 'their values aren’t logged')
})

t.test('each failure ends the agent with its code', async (t) => {
  const { certificatePem: otherCa } = await issueTestAuthority()
  const nobody = '33333333-3333-3333-3333-333333333333'
  const cases = [
    { code: 'AKV_BINDING_CA', change: { ca: otherCa }, exit: 1 },
    { code: 'AKV_BINDING_SERVER_NAME', change: { serverName: 'aother.ests.aks' }, exit: 1 },
    { code: 'AKV_NETWORK', change: { url: 'https://127.0.0.1:1' }, exit: 1 },
    { code: 'AKV_CONFIG_INVALID', change: { ca: 'not a certificate' }, exit: 2 },
    { code: 'AKV_CONFIG_INVALID', change: { url: 'http://127.0.0.1:1' }, exit: 2 },
    { code: 'AKV_CONFIG_INVALID', change: { serverName: 'Not a name' }, exit: 2 },
    { code: 'AKV_BINDING_NOT_FOUND', identity: nobody, exit: 1 },
    { code: 'AKV_BINDING_FORBIDDEN', account: 'other', exit: 1 },
    { code: 'AKV_BINDING_REFUSED', audience: 'api://other', exit: 1 },
    { code: 'AKV_TOKEN_AUDIENCE', audience: tokenAudience, exit: 1 },
  ]
  for (const { code, change, identity, audience = bindingAudience, account, exit } of cases) {
    const { pod, tokenProxy, writeToken, signIns } = await start(t, { timeoutSeconds: 1 })
    await writeToken(audience, account)
    const config = {
      ...pod.config,
      tokenProxy: { ...tokenProxy, ...change },
      ...(identity && { identity: { ...pod.config.identity, clientId: identity } }),
    }
    const ended = await runAgentInProcess({ ...pod, config }, variables)
    t.match(ended, { code: exit, termination: `${code}: ` }, `${code} ${ended.output}`)
    t.equal(signIns(), 0, 'no token goes to Entra')
    t.notMatch(ended.output, /eyJ|thief/)
  }
})

t.test('an agent whose token proxy hangs says which one', async (t) => {
  const { emulator, pod } = await start(t, { timeoutSeconds: 1 })
  emulator.addFault({ match: { service: 'entra' }, action: { kind: 'delay', delayMs: 600_000 } })
  const { code, termination } = await runAgentInProcess(pod)
  t.equal(code, 1)
  t.match(termination, /^AKV_NETWORK: .*token proxy at https:\/\/127\.0\.0\.1:\d+/)
})

t.test(
  'with a complete set in place, a new authority of the cluster doesn’t stop a pod',
  async (t) => {
    const { emulator, pod } = await start(t)
    t.equal((await runToEnd(t, pod)).code, 0)
    const ca = await emulator.rotateClusterCa()
    const { code, output } = await runToEnd(t, pod)
    t.equal(code, 0, output)
    t.equal(readFileSync(join(pod.files, 'a'), 'utf8'), 'v')
    t.match(output, '"code":"AKV_BINDING_CA"')
    const { tokenProxy } = pod.config
    if (!tokenProxy) throw new Error('the pod has no token proxy')
    const recreated = { ...pod, config: { ...pod.config, tokenProxy: { ...tokenProxy, ca } } }
    const { lines } = await runToEnd(t, recreated)
    t.notOk(lines.some(({ code }) => code === 'AKV_BINDING_CA'))
    t.ok(lines.length > 0)
  },
)
