import t, { type Test } from 'tap'
import { logLine } from '../../support/injected-pods/agent-log.ts'
import { injectedPod } from '../../support/injected-pods/injected-pod.ts'
import { installed, withVariable } from './harness/healthy-cluster.ts'
import { serveInstall } from './harness/serve-install.ts'
import { asking, putInto } from './harness/workloads.ts'

// What only a pod says never becomes part of a command: whoever pastes it would give an identity away.

const evil = 'https://evil.example/tokens/'
const victim = '99999999-8888-7777-6666-555555555555'
const own = '11111111-2222-3333-4444-555555555555'
const inTeamA = ['-n', 'team-a']

/** The log of an agent whose token nobody accepts. Its author may write the same with any issuer. */
const logWithIssuer = logLine({
  level: 'error',
  code: 'AKV_CREDENTIAL_MISSING',
  issuer: evil,
  message: 'no federated credential matches',
})

async function serve(t: Test) {
  const { server, put, putObject, denied, doctor } = await serveInstall(t)
  server.date = new Date('2026-11-29T10:30:00Z')
  const { before } = server
  let issuer: string | undefined
  server.before = (request) =>
    request.path === '/.well-known/openid-configuration'
      ? issuer === undefined
        ? [403, {}]
        : [200, { issuer }]
      : before(request)
  return {
    ...{ server, put, putObject, denied, doctor },
    tell: (value: string) => {
      issuer = value
    },
    /** What `doctor` says about the pod, and the lines of its commands that a shell would run. */
    async examine(...options: readonly string[]) {
      const { code, stdout, stderr } = await doctor('pod', 'web', ...inTeamA, ...options)
      const [, section = ''] = stdout.split('\nCommands that allow it\n')
      const [lines = ''] = section.split('\n\nWhat happened\n')
      const run = lines.split('\n').filter((line) => !line.startsWith('#'))
      return { code, stdout, stderr, lines, run: run.join('\n') }
    },
  }
}

t.test('an issuer that only the log names isn’t in a command', async (t) => {
  const { put, tell, examine } = await serve(t)
  put(injectedPod(), logWithIssuer)
  const alone = await examine()
  t.match(alone.stdout, `issuer    ${evil} (the agent’s log names it; nobody else confirms it)`)
  t.notMatch(alone.lines, 'evil.example')
  t.match(alone.lines, '# Only the pod’s log names an issuer, so these commands don’t.')
  t.match(alone.lines, /^# --issuer URL puts .*kubectl get --raw \/\.well-known\/openid/m)
  t.match(alone.lines, /^# az aks show .* --query oidcIssuerProfile\.issuerUrl/m)
  t.match(alone.run, ': "${ISSUER:?the OIDC issuer of the cluster}"\n')
  t.match(alone.run, /^az identity federated-credential create .*--issuer "\$ISSUER" /m)

  const named = await examine('--issuer', 'https://named.example/')
  t.match(named.stdout, 'issuer    https://named.example/ (--issuer)')
  t.match(named.run, ' --issuer https://named.example/ ')
  t.notMatch(named.lines, 'evil.example')
  t.match(await examine('--issuer', 'http://named.example/'), {
    code: 2,
    stderr: /expected an https URL/,
  })

  tell('https://cluster.example/')
  const told = await examine()
  t.match(told.run, ' --issuer https://cluster.example/ ')
  t.notMatch(told.lines, 'evil.example')
})

t.test('an issuer quoted in a message isn’t taken for the cluster’s', async (t) => {
  const { put, examine } = await serve(t)
  const message = `no federated credential matches issuer "${evil}", subject "system:serviceaccount:team-a:default"`
  const oldAgent = logLine({ level: 'error', code: 'AKV_FEDERATION_MISMATCH', message })
  const hostile = [
    'http://evil.example/',
    `${evil} x`,
    `${evil}\u202e`,
    [evil],
    `https://${'x'.repeat(601)}`,
  ]
  for (const log of [oldAgent, ...hostile.map((issuer) => logLine({ level: 'error', issuer }))]) {
    put(injectedPod(), log)
    const { stdout, lines } = await examine()
    t.match(stdout, 'issuer    not readable here; name it with --issuer')
    t.notMatch(lines, 'Only the pod’s log names an issuer')
  }
})

t.test('neither is a client that only the pod names', async (t) => {
  const { server, put, tell, examine } = await serve(t)
  tell('https://cluster.example/')
  const account = (annotations: Readonly<Record<string, string>>) =>
    putInto(server, 'ServiceAccount', 'default', { metadata: { annotations } })
  const annotations = { vault: 'team-a', secrets: 'db-password' }
  const annotated = injectedPod({ annotations: { ...annotations, 'client-id': victim } })
  const withVariable = structuredClone(injectedPod({ annotations }))
  const [agent] = (withVariable['spec'] as { initContainers: [{ env: object[] }] }).initContainers
  agent.env.push({ name: 'AZURE_CLIENT_ID', value: victim })

  for (const pod of [annotated, withVariable])
    for (const ofAccount of [{}, { 'azure.workload.identity/client-id': own }]) {
      account(ofAccount)
      put(pod, '')
      const { stdout, lines, run } = await examine()
      t.match(stdout, `client    ${victim} (the pod names it; nobody else confirms it)`)
      t.notMatch(lines, victim)
      t.match(lines, '# Only the pod names a client, so these commands don’t.')
      t.match(run, ': "${IDENTITY_NAME:?the name of the managed identity}"\n')
    }

  account({ 'azure.workload.identity/client-id': victim.toUpperCase() })
  put(annotated, '')
  const confirmed = await examine()
  t.match(confirmed.stdout, `client    ${victim.toUpperCase()} (ServiceAccount default)`)
  t.match(confirmed.run, `[?clientId=='${victim}'].name`)
})

t.test('the default tenant counts as the administrator’s only if the webhook has it', async (t) => {
  const { put, examine } = await serve(t)
  const encoded = JSON.stringify(injectedPod()).replace(
    '\\"identity\\":{',
    `\\"identity\\":{\\"defaultTenantId\\":\\"${victim}\\"`,
  )
  put(JSON.parse(encoded), '')
  const { stdout } = await examine()
  t.match(stdout, `tenant    ${victim} (the configuration in the pod names it; nobody else`)
})

t.test('there are no commands for an agent that isn’t as the webhook makes it', async (t) => {
  const { put, examine } = await serve(t)
  const pod = structuredClone(injectedPod())
  const { initContainers } = pod['spec'] as { initContainers: [Record<string, unknown>] }
  initContainers[0]['image'] = 'evil.example/agent'
  put(pod, logWithIssuer)
  const { lines, stdout } = await examine()
  t.match(
    lines,
    /^none: the agent isn’t as the webhook makes it: its image evil\.example\/agent is/,
  )
  t.notMatch(stdout, /^az /m)
  t.notMatch(stdout, evil, 'its log isn’t read')
})

t.test('a Deployment that only looks like the webhook has no say in the commands', async (t) => {
  const { server, putObject, denied, doctor } = await serve(t)
  const found = installed().find(({ kind, metadata }) => isWebhook(kind, metadata.labels))
  const fake = withVariable(found, 'AKV_INJECTOR_DEFAULT_VAULT', 'evil-vault')
  putObject({ ...fake, metadata: { ...fake.metadata, namespace: 'a-evil' } })
  putInto(server, 'Deployment', 'quiet', {
    spec: {
      ...asking().spec,
      template: {
        metadata: { annotations: { 'akv-injector.io/secrets': 'db-password' } },
        spec: { containers: [{ name: 'app' }] },
      },
    },
  })
  const seen = async () => (await doctor('deployment/quiet', ...inTeamA)).stdout
  t.notMatch(await seen(), 'evil-vault')
  denied.add('mutatingwebhookconfigurations')
  t.notMatch(await seen(), 'evil-vault')
  putObject(withVariable(found, 'AKV_INJECTOR_DEFAULT_VAULT', 'real-vault'))
  t.notMatch(await seen(), 'real-vault')
  denied.clear()
  t.match(await seen(), /^VAULT_ID=.* --name real-vault /m)
})

const isWebhook = (kind: string, labels: Readonly<Record<string, string>>) =>
  kind === 'Deployment' && labels['app.kubernetes.io/component'] === 'webhook'
