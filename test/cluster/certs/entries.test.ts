import t, { type Test } from 'tap'
import { connect } from '../client/api.ts'
import { openCluster } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { applyCsiWebhooks } from '../harness/install/csi-manifests.ts'
import { webhookConfiguration } from '../harness/install/install.ts'
import { runCerts } from './run-certs.ts'

/** The certificate controller beside a webhook configuration of two entries. */
const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = openCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())

const inPlace = 'everything is in place'
const reconcile = async (t: Test, until = inPlace) =>
  t.match(await runCerts(t, { api, kubeconfigFile, until }), { code: 0, stderr: '' })

t.test('from one entry to two and back, all entries have the same caBundle', async (t) => {
  await reconcile(t)
  const [before] = await readBundles()
  t.match(authoritiesIn(before), [/./])

  await applyCsiWebhooks(t, cluster, 'labelled')
  t.strictSame(await readBundles(), [before, undefined], 'an upgrade keeps the first')
  await reconcile(t)
  t.strictSame(await readBundles(), [before, before])

  expectSuccess(await editBundle('csi-pods.akv-injector.io', null))
  await reconcile(t)
  t.strictSame(await readBundles(), [before, before], 'after somebody emptied one entry')

  expectSuccess(await cluster.apply(webhookConfiguration()))
  await reconcile(t)
  t.strictSame(await readBundles(), [before])
})

t.test('a new authority is published in both entries, beside the old one', async (t) => {
  await applyCsiWebhooks(t, cluster, 'labelled')
  await reconcile(t)
  const [before] = await readBundles()
  await patch('/api/v1/namespaces/akv-injector/secrets/akv-injector-ca', { data: null })
  await reconcile(t, 'published in caBundle')
  const after = await readBundles()
  t.equal(new Set(after).size, 1, 'both have the same')
  const [added = '', ...others] = authoritiesIn(after[0])
  t.notOk(authoritiesIn(before).includes(added))
  t.strictSame(others, authoritiesIn(before))
  t.ok(others.length > 0)
})

const configuration = webhookConfiguration()
const { name } = configuration.metadata
const path = `/apis/${configuration.apiVersion}/mutatingwebhookconfigurations/${name}`

const patch = (path: string, body: object) =>
  api.call({
    method: 'PATCH',
    path,
    body,
    contentType: 'application/strategic-merge-patch+json',
  })

const editBundle = (name: string, caBundle: string | null) =>
  patch(path, { webhooks: [{ name, clientConfig: { caBundle } }] })

/** Returns `caBundle` of each entry. */
async function readBundles(): Promise<readonly (string | undefined)[]> {
  const { body } = expectSuccess(await cluster.get(configuration))
  const webhooks = body['webhooks'] as readonly { clientConfig: { caBundle?: string } }[]
  return webhooks.map(({ clientConfig }) => clientConfig.caBundle)
}

const authoritiesIn = (caBundle = ''): readonly string[] =>
  Buffer.from(caBundle, 'base64')
    .toString()
    .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
