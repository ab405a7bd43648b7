import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../support/run-command-line.ts'
import { policy } from '../../webhook/core/policy.ts'
import type { KubeObject } from '../client/api.ts'
import { openCluster } from '../client/cluster.ts'
import { envIfSupported, supportsEnv } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { readKubeconfig } from '../client/kubeconfig.ts'
import { agentOf, annotatedPod, type Pod } from '../client/pods.ts'
import { startEmulatorFor } from '../harness/emulator-process.ts'
import { publishIssuerKeys } from '../harness/publish-issuer-keys.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

/** Runs the agent of an admitted pod with a token that the API server issued. */
const cluster = openCluster(t)
const access = readKubeconfig(process.env['KUBECONFIG'] ?? '')
const folder = t.testdir()
const skip =
  (await cluster.issuer()) === access.server.origin
    ? false
    : 'the API server isn’t the issuer of its tokens, and the emulator may not reach who is'

const audience = 'api://AzureADTokenExchange'
const annotations = {
  vault: 'team-a',
  secrets: 'db-password, certs=tls/web-tls',
  ...envIfSupported('API_KEY=api-key'),
  'client-id': '22222222-2222-2222-2222-222222222222',
  'tenant-id': '11111111-1111-1111-1111-111111111111',
  timeout: '2s',
}

t.test('signing in with tokens of a real API server', { skip }, async (t) => {
  t.teardown(await publishIssuerKeys(cluster))
  const azure = await startEmulatorFor(t, access, folder)
  const cloud = {
    authorityHost: azure.url,
    vaultUrl: `${azure.url}/{vault}`,
    audience: 'https://vault.azure.net',
    ca: azure.caPem,
  }
  await serveWebhook(t, cluster, { policy: { ...policy, cloud } })
  const created = expectSuccess(
    await cluster.create(annotatedPod({ annotations }), { dryRun: true }),
  )
  const agent = agentOf(created.body as Pod)

  await t.test(
    'with a token of the pod’s service account, the agent writes the files',
    async (t) => {
      const { root, code, stderr } = await runAgent(t, agent, await token('web', audience))
      t.equal(code, 0, stderr)
      const read = (path: string) => readFileSync(join(root, path), 'utf8')
      t.equal(read('files/db-password'), 'correct horse battery staple')
      t.match(read('files/certs/tls.key'), 'PRIVATE KEY')
      if (supportsEnv) t.match(read('env/env'), /^API_KEY='[^']{32,}'$/m)
    },
  )

  await t.test(
    'with a token of another service account, the error names the missing federated credential',
    async (t) => {
      const { code, said } = await runAgent(t, agent, await token('default', audience))
      t.equal(code, 1)
      t.match(said, /AADSTS700213/)
      t.match(said, 'system:serviceaccount:default:default')
      t.match(said, access.server.origin, 'with the issuer to name in it')
    },
  )
})

/** Runs the container's command, with the token at the path of the projected volume. */
async function runAgent(t: Test, agent: ReturnType<typeof agentOf>, token: string) {
  const root = t.testdir()
  for (const name of ['files', 'env', 'identity']) mkdirSync(join(root, name))
  writeFileSync(join(root, 'identity/token'), token)
  const log = join(root, 'termination-log')
  writeFileSync(log, '')
  const variables = (agent?.env ?? []) as { name: string; value: string }[]
  const env = Object.fromEntries(variables.map(({ name, value }) => [name, value]))
  const args = [...(agent?.args ?? []), '--root', root, '--termination-log', log]
  const ended = await run(args, { env })
  return { ...ended, root, said: readFileSync(log, 'utf8') }
}

/** Requests a token of a service account in the namespace that the examples' identities trust. */
async function token(name: string, audience: string): Promise<string> {
  const account = object('v1', 'ServiceAccount', name)
  if ((await cluster.create(account)).status === 201) t.teardown(() => cluster.delete(account))
  return await cluster.token(account, audience)
}

function object(apiVersion: string, kind: string, name: string): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: 'default' } }
}
