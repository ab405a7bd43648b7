import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { issueClientCertificate } from '../../support/issue-client-certificate.ts'
import { issueTestAuthority } from '../../support/issue-test-authority.ts'
import { skipped } from '../../support/needs/without.ts'
import { connect } from '../client/api.ts'
import { callPatiently } from '../client/call-patiently.ts'
import { clusterOf, openCluster, testNamespace } from '../client/cluster.ts'
import { agentOf, annotatedPod, type Pod } from '../client/pods.ts'
import { startCluster } from '../harness/control-plane/start-cluster.ts'
import { install } from '../harness/install/install.ts'
import { temporaryFolder } from '../harness/temporary-folder.ts'
import { apiServerParts, findParts } from '../parts/find-parts.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/install.md'), 'utf8')
const authority = await issueTestAuthority('API servers')
const { path: root, remove } = temporaryFolder()
t.teardown(remove)
const [folder, admission] = [join(root, 'cluster'), join(root, 'admission')]
for (const each of [folder, admission]) mkdirSync(each)
const authorityFile = join(admission, 'ca.crt')
writeFileSync(authorityFile, authority.certificatePem)
const pageFolder = '/etc/kubernetes/admission'

t.test('an API server without a certificate is refused, and says why', async (t) => {
  const cluster = openCluster(t)
  const namespace = await testNamespace(t, cluster)
  const clients = { caFile: authorityFile, names: [] }
  await serveWebhook(t, cluster, { clients, answers: /found no client certificate/ })
  // Go's client sends a large review in many pieces, and the webhook has refused it by the first.
  for (const length of [0, ...Array(20).fill(2_500_000)]) {
    const spec = { containers: [{ name: 'app', image: 'a', args: ['x'.repeat(length)] }] }
    const pod = annotatedPod({ namespace, spec })
    const { status, body } = await callPatiently(() => cluster.create(pod))
    t.equal(status, 500)
    t.match(
      body.message,
      /failed calling webhook "pods.akv-injector.io".*found no client certificate/,
    )
    t.match(body.message, 'docs/install.md, "Client certificates"')
  }
})

/** A cluster of its own: the API server of the other tests has no client certificate. */
const parts = await findParts({ env: process.env, log: t.comment, names: apiServerParts })
const skip = parts.kind === 'invalid' && skipped('go', parts.problem)

t.test('an API server as docs/install.md configures it is answered', { skip }, async (t) => {
  if (parts.kind === 'invalid') return
  const other = await issueTestAuthority('somebody else')
  const client = await issueClientCertificate(authority, 'kube-apiserver')
  writeFileSync(join(admission, 'client.crt'), client.certificatePem)
  writeFileSync(join(admission, 'client.key'), client.keyPem)
  writeFileSync(join(admission, 'other.crt'), other.certificatePem)
  for (const name of ['admission.yaml', 'webhooks.kubeconfig'])
    writeFileSync(join(admission, name), fileOfPage(name).replaceAll(pageFolder, admission))

  const local = await startCluster({
    parts: parts.value,
    folder,
    apiServerFlags: { 'admission-control-config-file': join(admission, 'admission.yaml') },
  })
  t.teardown(() => local.stop())
  const cluster = clusterOf(connect(local.kubeconfigFile))
  t.teardown(() => cluster.close())
  await install(cluster)
  const namespace = await testNamespace(t, cluster)
  const create = () => cluster.create(annotatedPod({ namespace }))

  for (const [name, ca, names, refused] of [
    ['its CA', 'ca.crt', [], undefined],
    ['its CA and name', 'ca.crt', ['kube-apiserver'], undefined],
    [
      'its CA and another name',
      'ca.crt',
      ['kubelet'],
      /AKV_INJECTOR_CLIENT_NAMES accepts "kubelet"/,
    ],
    ['another CA', 'other.crt', [], /"CN=kube-apiserver", which can't be verified \(\w+\)/],
  ] as const)
    await t.test(name, async (t) => {
      const clients = { caFile: join(admission, ca), names }
      const webhook = await serveWebhook(t, cluster, { clients, answers: refused })
      const { status, body } = await create()
      if (refused === undefined) {
        t.equal(status, 201)
        t.ok(agentOf(body as Pod))
      } else {
        t.equal(status, 500)
        t.match(body.message, refused)
      }
      await webhook.close()
    })
})

/** A YAML file that the page shows, by the comment in its first line. */
function fileOfPage(name: string): string {
  const blocks = page.split('```yaml\n').map((rest) => rest.split('```')[0] ?? '')
  const found = blocks.find((block) => block.trimStart().startsWith(`# ${pageFolder}/${name}\n`))
  if (found === undefined) throw new Error(`docs/install.md doesn't show ${name}`)
  // The block is part of a list, so it is indented.
  return JSON.stringify(parse(found))
}
