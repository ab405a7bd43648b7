import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t, { type Test } from 'tap'
import { connectCertsCluster } from '../../../certs/cluster.ts'
import { createReconciler } from '../../../certs/reconcile.ts'
import { defaultFlags } from '../../../certs/settings.ts'
import { writeLikeKubelet } from '../../webhook/http/tls-folder.ts'
import { connect } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import type { Pod } from '../client/pods.ts'
import { applyCsiWebhooks } from '../harness/install/csi-manifests.ts'
import { addEndpoint } from '../webhook/harness/endpoint.ts'
import { serveOtherWebhook } from '../webhook/harness/other-webhook.ts'
import { untilCalled } from '../webhook/harness/serve-webhook.ts'
import { startSteadyLoad } from '../webhook/harness/steady-load.ts'
import { startReplica } from '../webhook/harness/webhook-replica.ts'

const perSecond = 200
/** In place of the minute that a real controller waits for API servers. */
const publishAheadMs = 1500
const settings = { ...defaultFlags, healthListen: { host: '127.0.0.1', port: 0 } }
const dnsName = 'akv-injector-webhook.akv-injector.svc'

const cluster = openCluster(t)
const api = connect(process.env['KUBECONFIG'] ?? '')
t.teardown(() => api.close())
const state = connectCertsCluster({ settings, signal: new AbortController().signal })

t.test(
  `no admission by either entry fails while Secrets and caBundle are lost and edited at ${perSecond} admissions a second`,
  async (t) => {
    await applyCsiWebhooks(t, cluster, 'labelled')
    const labelled = await testNamespace(t, cluster, { 'akv-injector.io/csi': 'true' })
    const apart = await testNamespace(t, cluster)
    const tlsDir = t.testdir()
    let look = newLooker()
    await untilInPlace()
    await mountSecret()
    const replica = await startReplica(t, tlsDir)
    const endpoint = await addEndpoint(cluster, replica.port)
    t.teardown(() => endpoint.remove())
    await untilCalled(cluster)

    const load = startSteadyLoad(cluster, perSecond, ['default', labelled])
    const first = await servedFingerprint()

    await t.test('an emptied certificate is issued again at once', async (t) => {
      await patchSecret('akv-injector-webhook-tls', { 'tls.crt': null, 'tls.key': null })
      await untilInPlace()
      await untilServed(t)
      t.not(await servedFingerprint(), first)
    })

    await t.test(
      'an emptied authority is replaced by another beside it, even if the controller restarts',
      async (t) => {
        const before = await servedFingerprint()
        await patchSecret('akv-injector-ca', { 'tls.crt': null, 'tls.key': null })
        t.match(await look(), { kind: 'wait' })
        look = newLooker()
        t.match(await look(), { kind: 'wait' }, 'it waits again')
        await untilInPlace()
        await untilServed(t)
        t.not(await servedFingerprint(), before)
      },
    )

    await t.test('an edited caBundle gets its content back', async (t) => {
      const [bundle = ''] = await readBundles()
      const text = `# by hand\n${bundle.replaceAll('\n', '\r\n')}`
      await setCaBundle(text)
      t.match(await look(), { kind: 'nothing' })
      t.strictSame(await readBundles(), [bundle, bundle])
    })

    await t.test(
      'the served certificate stays valid until its successor is served if both Secrets are emptied',
      async (t) => {
        const before = await servedFingerprint()
        for (const name of ['akv-injector-ca', 'akv-injector-webhook-tls'])
          await patchSecret(name, { 'tls.crt': null, 'tls.key': null, 'ca.crt': null })
        await untilInPlace()
        await untilServed(t)
        t.not(await servedFingerprint(), before)
      },
    )

    await until(async () => load.admitted() > perSecond, 120_000)
    const { admitted, failures, slowestMs } = await load.stop()
    t.comment(`${admitted} pods admitted, the slowest in ${Math.round(slowestMs)} ms`)
    t.strictSame(failures, [])

    async function readBundles() {
      const { bundles } = await state.read()
      return Object.values(bundles?.content ?? {})
    }

    function newLooker() {
      return createReconciler({
        cluster: state,
        dnsName,
        publishAheadMs,
        onChange: () => undefined,
      })
    }

    async function untilInPlace(): Promise<void> {
      for (;;) {
        const result = await look()
        if (result.kind === 'nothing') return
        if (result.kind === 'missing') throw new Error(`there is no ${result.what}`)
        await delay(result.forMs)
      }
    }

    async function mountSecret(): Promise<void> {
      const { leaf } = await state.read()
      const { 'tls.crt': certificatePem = '', 'tls.key': keyPem = '' } = leaf?.content ?? {}
      await writeLikeKubelet(tlsDir, { certificatePem, keyPem })
    }

    /** Mounts the content of the Secret when its authority is trusted, and waits until the webhook serves it. */
    async function untilServed(t: Test): Promise<void> {
      await untilTrusted(t)
      await mountSecret()
      const { leaf } = await state.read()
      const wanted = new X509Certificate(leaf?.content?.['tls.crt'] ?? '').fingerprint256
      await until(async () => (await servedFingerprint()) === wanted)
    }

    /**
     * The API server sees webhook configurations in the order of their changes. When it calls a webhook that is newer than
     * `caBundle`, only the calls that began before may trust the old authorities alone.
     */
    async function untilTrusted(t: Test): Promise<void> {
      const change = (pod: Pod) => pod
      await serveOtherWebhook(t, cluster, { name: 'newer', namespace: apart, change })
      await load.answered()
    }

    async function servedFingerprint(): Promise<string> {
      const socket = connectTls({
        host: '127.0.0.1',
        port: replica.port,
        rejectUnauthorized: false,
      })
      await once(socket, 'secureConnect')
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      return fingerprint256
    }
  },
)

const patch = async (path: string, body: object) =>
  expectSuccess(
    await api.call({
      method: 'PATCH',
      path,
      body,
      contentType: 'application/strategic-merge-patch+json',
    }),
  )

const patchSecret = (name: string, data: object) =>
  patch(`/api/v1/namespaces/akv-injector/secrets/${name}`, { data })

const setCaBundle = (text: string) =>
  patch('/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/zz-akv-injector', {
    webhooks: [
      {
        name: 'pods.akv-injector.io',
        clientConfig: { caBundle: Buffer.from(text).toString('base64') },
      },
    ],
  })
