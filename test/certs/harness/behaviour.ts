import type { Test } from 'tap'
import { connectCertsCluster } from '../../../certs/cluster.ts'
import { createReconciler } from '../../../certs/reconcile.ts'
import type { CertsSettings } from '../../../certs/settings.ts'
import { connect } from '../../cluster/client/api.ts'
import { handshake } from './handshake.ts'
import { objectsOf, ourEntries, withoutCaBundle } from './install-objects.ts'

export interface BehaviourOptions {
  /** Of the tests' API server, or of a real one. */
  readonly kubeconfigFile: string
  /** A namespace that exists. */
  readonly namespace: string
}

const publishAheadMs = 60_000
const conflict = { message: 'changed since it was read' }
const dnsNameOf = ({ service, namespace }: CertsSettings) => `${service}.${namespace}.svc`

/** Shows what the controller does on the tests' API server or on a real one. */
export async function showBehaviour(t: Test, options: BehaviourOptions): Promise<void> {
  const { kubeconfigFile, namespace } = options
  process.env['KUBECONFIG'] = kubeconfigFile
  const api = connect(kubeconfigFile)
  t.teardown(() => api.close())
  const settings: CertsSettings = {
    namespace,
    service: 'akv-injector-webhook',
    caSecret: 'certs-test-ca',
    tlsSecret: 'certs-test-tls',
    webhookConfiguration: `certs-test-${namespace}`,
    healthListen: { host: '127.0.0.1', port: 0 },
  }
  const objects = objectsOf(api, settings)
  await objects.create()
  t.teardown(() => objects.remove())
  const changes: string[] = []
  const cluster = connectCertsCluster({
    settings,
    signal: new AbortController().signal,
    timeoutMs: 300_000,
  })
  let elapsedMs = 0
  const newLooker = () =>
    createReconciler({
      cluster,
      dnsName: dnsNameOf(settings),
      publishAheadMs,
      elapsedMs: () => elapsedMs,
      onChange: ({ kind }) => changes.push(kind),
    })
  const reconcile = newLooker()

  await t.test(
    'one round completes a first install and changes nothing else in the configuration',
    async (t) => {
      const before = await objects.configuration()
      t.match(await reconcile(), { kind: 'nothing' })
      t.strictSame(changes, ['issue-authority', 'publish', 'issue-leaf'])
      const { leaf, caPem } = await objects.content()
      await t.resolves(handshake({ leaf, caPem, name: dnsNameOf(settings) }))
      t.strictSame(withoutCaBundle(await objects.configuration()), withoutCaBundle(before))
    },
  )

  await t.test('if everything is in place, it writes nothing', async (t) => {
    const before = await objects.versions()
    t.match(await reconcile(), { kind: 'nothing' })
    t.match(await newLooker()(), { kind: 'nothing' }, 'nor by a restarted one')
    t.strictSame(await objects.versions(), before)
  })

  await t.test('a new authority is published before its first leaf is issued', async (t) => {
    const old = await objects.content()
    await objects.patchSecret(settings.caSecret, { 'tls.crt': null, 'tls.key': null, mine: 'eA==' })
    const waiting = await reconcile()
    t.match(waiting, { kind: 'wait' })
    const between = await objects.content()
    t.strictSame(between.leaf, old.leaf, 'the old leaf is still served')
    await t.resolves(handshake({ ...between, name: dnsNameOf(settings) }))
    elapsedMs += publishAheadMs
    t.match(await reconcile(), { kind: 'nothing' })
    const { leaf, caPem } = await objects.content()
    t.not(leaf['tls.crt'], old.leaf['tls.crt'])
    for (const served of [leaf, old.leaf])
      await t.resolves(handshake({ leaf: served, caPem, name: dnsNameOf(settings) }))
    t.equal((await objects.secret(settings.caSecret))['mine'], 'x', 'what others added stays')
  })

  await t.test('an emptied or edited caBundle is restored in one round', async (t) => {
    for (const caBundle of [null, Buffer.from('garbage').toString('base64')]) {
      const { status } = await objects.setCaBundle(caBundle)
      // An API server may refuse what is no PEM.
      t.ok(status === 200 || status === 422)
      t.match(await reconcile(), { kind: 'nothing' })
      const { leaf, caPem } = await objects.content()
      await t.resolves(handshake({ leaf, caPem, name: dnsNameOf(settings) }))
    }
  })

  await t.test(
    'an entry that is added or loses its caBundle gets the caBundle of the other entry',
    async (t) => {
      const before = await objects.content()
      const second = ourEntries.slice(1)
      for (const change of [
        () => objects.setCaBundle(null, second),
        async () => {
          for (const name of second) {
            await objects.removeEntry(name)
            t.match(await reconcile(), { kind: 'nothing' }, 'one entry is enough')
            await objects.addEntry(name)
          }
        },
      ]) {
        await change()
        t.match(await reconcile(), { kind: 'nothing' })
        t.strictSame(await objects.content(), before)
      }
    },
  )

  await t.test('a missing Secret is reported, and filled once it exists again', async (t) => {
    for (const [name, what] of [
      [settings.caSecret, 'authority'],
      [settings.tlsSecret, 'leaf'],
    ] as const) {
      await objects.removeSecret(name)
      t.match(await reconcile(), { kind: 'missing', what })
      await objects.createSecret(name)
      await reconcile()
      elapsedMs += publishAheadMs
      t.match(await reconcile(), { kind: 'nothing' })
    }
  })

  await t.test(
    'the certificate controller overwrites no object that has changed since it was read',
    async (t) => {
      const { authority, leaf, bundles } = await cluster.read()
      await objects.patchSecret(settings.caSecret, { mine: 'eQ==' })
      await objects.patchSecret(settings.tlsSecret, { mine: 'eQ==' })
      await objects.setCaBundle(null)
      const before = await objects.versions()
      const again = { content: {}, resourceVersion: authority?.resourceVersion ?? '' }
      await t.rejects(cluster.writeAuthority(again), conflict)
      const leafAgain = { content: {}, resourceVersion: leaf?.resourceVersion ?? '' }
      await t.rejects(cluster.writeLeaf(leafAgain), conflict)
      const bundlesAgain = {
        content: { ...bundles?.content },
        resourceVersion: bundles?.resourceVersion ?? '',
      }
      await t.rejects(cluster.publish(bundlesAgain), conflict)
      t.strictSame(await objects.versions(), before)
      t.match(await reconcile(), { kind: 'nothing' })
    },
  )

  await t.test('a missing webhook configuration is reported', async (t) => {
    await objects.removeConfiguration()
    t.match(await reconcile(), { kind: 'missing', what: 'configuration' })
  })
}
