import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { type AgentConfig, configVariable } from '../../delivery/contract.ts'
import { runScript, startFakeAz } from '../support/fake-az/fake-az.ts'
import { issueTestAuthority } from '../support/issue-test-authority.ts'
import { podText } from '../support/run-command-line.ts'
import { runInProcess } from '../support/run-in-process.ts'

const client = '22222222-2222-2222-2222-222222222222'
const aks = 'azure.workload.identity/use-identity-binding'

const account = (name: string, annotations: Readonly<Record<string, string>>) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: 'shop', annotations },
  })

const bound = (name: string) =>
  account(name, {
    'azure.workload.identity/client-id': client,
    [aks]: 'true',
    'akv-injector.io/sync': '- { secret: db, data: "password=team-c:db" }',
  })

const boundPod = podText(
  { vault: 'team-a', 'client-id': client, secrets: 'db', 'identity-binding': 'true' },
  { serviceAccountName: 'web' },
)

const classAndPod = `
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: azure-kv, namespace: shop }
spec:
  provider: azure
  parameters:
    useAzureTokenProxy: "true"
    clientID: ${client}
    keyvaultName: team-a
    tenantID: 33333333-3333-3333-3333-333333333333
    objects: |
      array:
        - |
          objectName: db
          objectType: secret
---
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec:
  serviceAccountName: web
  containers: [{ name: app, image: x, volumeMounts: [{ name: s, mountPath: /mnt/s }] }]
  volumes:
    - name: s
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes: { secretProviderClass: azure-kv }
`

const run = (args: readonly string[], input: string, env: Record<string, string> = {}) =>
  runInProcess(args, { input, env })

/** The documents that a script gives to kubectl. */
function applied(script: string) {
  const texts = [...script.matchAll(/^kubectl apply --filename - <<'?END'?\n(.*?)\nEND$/gms)]
  return texts.flatMap(([, text = '']) =>
    parseAllDocuments(text).map((document) => document.toJS()),
  )
}

t.test(
  'bound accounts get one binding, and each the right to use it, but no credential',
  async (t) => {
    const names = Array.from({ length: 25 }, (_, i) => `web-${i}`)
    const input = [boundPod, ...names.map(bound)].join('\n---\n')
    const { code, stdout, stderr } = await run(['identity', '-'], input)
    t.match({ code, stderr }, { code: 0, stderr: '' }, 'the limit of 20 doesn’t matter')
    t.notMatch(stdout, /federated-credential|ISSUER/)
    t.equal(stdout.split('az aks identity-binding create ').length, 2)
    const [role, ...bindings] = applied(stdout)
    t.match(role, {
      kind: 'ClusterRole',
      rules: [
        {
          apiGroups: ['cid.wi.aks.azure.com'],
          resources: [client],
          verbs: ['use-managed-identity'],
        },
      ],
    })
    t.equal(role.rules.length, 1)
    t.equal(bindings.length, 26)
    for (const { kind, roleRef, subjects } of bindings) {
      t.match(
        { kind, roleRef },
        { kind: 'ClusterRoleBinding', roleRef: { name: role.metadata.name } },
      )
      t.equal(subjects.length, 1)
      t.equal(subjects[0].kind, 'ServiceAccount', 'never a group')
    }
    t.equal(new Set(bindings.map(({ metadata }) => metadata.name)).size, 26)
  },
)

t.test('other accounts of the identity get their credential beside it', async (t) => {
  const federated = podText(
    { vault: 'team-a', 'client-id': client, secrets: 'db' },
    { serviceAccountName: 'fed' },
  )
  const { stdout } = await run(
    ['identity', '-', '--issuer', 'https://oidc.example/'],
    `${boundPod}\n---\n${federated}`,
  )
  t.equal(stdout.split('federated-credential create ').length, 2)
  t.match(stdout, /--subject system:serviceaccount:default:fed /)
  t.strictSame(
    applied(stdout).flatMap(({ subjects = [] }) =>
      subjects.map(({ name }: { name: string }) => name),
    ),
    ['web'],
  )
})

t.test('without a client in the files, the shell fills it in', async (t) => {
  const open = podText({ vault: 'team-a', secrets: 'db', 'identity-binding': 'true' }, {})
  const { stdout } = await run(['identity', '-'], open)
  t.match(stdout, /^CLIENT_ID="\$\(az identity show/m)
  t.match(stdout, /<<END\n(?:.*\n)*.*resources: \["\$CLIENT_ID"\]/)
})

t.test('check says how a pod, a class and an account sign in, and what to do', async (t) => {
  const { code, stdout } = await run(
    ['check', '-'],
    [boundPod, bound('api'), classAndPod].join('\n---\n'),
  )
  t.equal(code, 0)
  t.equal(stdout.split('by an identity binding of AKS').length, 5, 'two pods, a class, an account')
  t.match(stdout, /az aks identity-binding create --name "\$IDENTITY"/)
  t.match(stdout, /# akv-injector identity prints the ClusterRole that lets shop\/web use it\./)
  t.notMatch(stdout, /federated-credential/)
})

t.test('check knows that the administrator has not turned them on', async (t) => {
  const input = [boundPod, bound('api'), classAndPod].join('\n---\n')
  const { code, stdout } = await run(['check', '-'], input, {
    AKV_INJECTOR_IDENTITY_BINDING: 'false',
  })
  t.equal(code, 1)
  t.equal(stdout.split('identityBinding.enabled of the chart').length, 4, 'two pods and an account')
})

t.test('migrate carries it', async (t) => {
  const { code, stdout } = await run(['migrate', '-'], classAndPod)
  t.equal(code, 0)
  t.match(stdout, /akv-injector\.io\/identity-binding: "true"/)
  t.notMatch(stdout, /secrets-store/)
})

t.test('inject needs the name and the CA, because it asks no API server', async (t) => {
  const on = { AKV_INJECTOR_IDENTITY_BINDING: 'true' }
  const refused = await run(['inject', '-'], boundPod)
  t.match(refused, { code: 1, stderr: /identityBinding\.enabled of the chart/ })
  const nameless = await run(['inject', '-'], boundPod, on)
  t.match(nameless, { code: 1, stderr: /set AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME/ })
  const caFile = join(t.testdir(), 'ca.crt')
  const named = {
    ...on,
    AKV_INJECTOR_IDENTITY_BINDING_SERVER_NAME: 'a1.ests.aks',
    AKV_INJECTOR_IDENTITY_BINDING_CA_FILE: caFile,
  }
  t.match(await run(['inject', '-'], boundPod, named), {
    code: 1,
    stderr: /CA_FILE cannot be read: ENOENT/,
  })
  const { certificatePem } = await issueTestAuthority()
  writeFileSync(caFile, certificatePem)
  const { code, stdout } = await run(['inject', '-'], boundPod, named)
  t.equal(code, 0)
  const [pod] = parseAllDocuments(stdout).map((document) => document.toJS())
  const agent = pod.spec.initContainers[0]
  const { value } = agent.env.find(({ name }: { name: string }) => name === configVariable)
  const config: AgentConfig = JSON.parse(value)
  t.match(config.tokenProxy, { serverName: 'a1.ests.aks', ca: `${certificatePem.trim()}\n` })
})

t.test('the commands run in a shell', async (t) => {
  const { stdout } = await run(['identity', '-'], [boundPod, bound('api')].join('\n---\n'))
  const folder = t.testdir()
  const az = await startFakeAz(folder, [
    { clientId: client, name: 'id-web', resourceGroup: 'rg-web' },
  ])
  writeFileSync(join(az.path, 'kubectl'), `#!/bin/sh\ncat >${folder}/applied\n`, { mode: 0o755 })
  const path = { PATH: `${az.path}:/usr/bin:/bin` }
  await t.rejects(runScript(stdout, path), { message: /AKS_NAME: the name of the AKS cluster/ })
  await runScript(stdout, { ...path, AKS_NAME: 'shop-aks', AKS_GROUP: 'rg-aks' })
  t.equal(az.commands().filter((command) => command === 'aks identity-binding create').length, 1)
  t.ok(az.assigned().length > 0)
  const objects = parseAllDocuments(readFileSync(join(folder, 'applied'), 'utf8'))
  t.strictSame(
    objects.map((document) => document.toJS().kind),
    ['ClusterRole', 'ClusterRoleBinding', 'ClusterRoleBinding'],
  )
})
