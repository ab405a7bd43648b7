import t from 'tap'
import { showBehaviour } from '../../certs/harness/behaviour.ts'
import { type Call, connect } from '../client/api.ts'
import { openCluster, testNamespace } from '../client/cluster.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { applyCsiWebhooks, csiWebhookConfiguration } from '../harness/install/csi-manifests.ts'
import { installObjects, webhookConfiguration } from '../harness/install/install.ts'
import { runCerts } from './run-certs.ts'

const kubeconfigFile = process.env['KUBECONFIG'] ?? ''
const cluster = openCluster(t)
const api = connect(kubeconfigFile)
t.teardown(() => api.close())

const namespace = 'akv-injector'
const account = `system:serviceaccount:${namespace}:akv-injector-certs`
const secretsPath = `/api/v1/namespaces/${namespace}/secrets`
const configurationsPath = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'
const ourPath = `${configurationsPath}/zz-akv-injector`

/** Acts as the controller's account, by dry run: admission runs, and nothing is written. */
const attempt = (call: Call) =>
  api.call({ ...call, query: { ...call.query, dryRun: 'All' }, as: account })
const patch = (path: string, body: object, type = 'strategic-merge-patch') =>
  attempt({ method: 'PATCH', path, body, contentType: `application/${type}+json` })
const patchWebhook = (webhook: object, name = 'pods.akv-injector.io') =>
  patch(ourPath, { webhooks: [{ name, ...webhook }] })
const csiEntry = 'csi-pods.akv-injector.io'

const caBundle = Buffer.from('-----BEGIN CERTIFICATE-----\n').toString('base64')

t.test('on a real API server', async (t) => {
  await showBehaviour(t, { kubeconfigFile, namespace: await testNamespace(t, cluster) })
})

t.test(
  'the controller’s account can change caBundle of every entry, and nothing else of any',
  async (t) => {
    await applyCsiWebhooks(t, cluster, 'labelled')
    const names = ['pods.akv-injector.io', csiEntry]
    const bundles = names.map((name) => ({ name, clientConfig: { caBundle } }))
    for (const webhooks of [bundles, ...bundles.map((webhook) => [webhook])]) {
      const { status, body } = await patch(ourPath, { webhooks })
      t.equal(status, 200, body.message ?? '')
    }

    const service = { name: 'akv-injector-webhook', namespace, path: '/mutate', port: 443 }
    const others: Readonly<Record<string, object>> = {
      failurePolicy: { failurePolicy: 'Ignore' },
      reinvocationPolicy: { reinvocationPolicy: 'Never' },
      matchPolicy: { matchPolicy: 'Exact' },
      sideEffects: { sideEffects: 'NoneOnDryRun' },
      timeoutSeconds: { timeoutSeconds: 30 },
      admissionReviewVersions: { admissionReviewVersions: ['v1', 'v1beta1'] },
      rules: {
        rules: [
          {
            apiGroups: ['*'],
            apiVersions: ['*'],
            operations: ['*'],
            resources: ['*/*'],
            scope: '*',
          },
        ],
      },
      'no rules': { rules: [] },
      namespaceSelector: { namespaceSelector: { $patch: 'replace' } },
      objectSelector: { objectSelector: { matchLabels: { a: 'b' } } },
      'no matchConditions': { matchConditions: [{ $patch: 'replace' }] },
      'a further matchCondition': { matchConditions: [{ name: 'never', expression: 'false' }] },
      'service name': { clientConfig: { service: { ...service, name: 'evil' } } },
      'service namespace': { clientConfig: { service: { ...service, namespace: 'default' } } },
      'service path': { clientConfig: { service: { ...service, path: '/evil' } } },
      'service port': { clientConfig: { service: { ...service, port: 8443 } } },
      url: { clientConfig: { url: 'https://evil.example/mutate', service: null } },
    }
    for (const [what, change] of Object.entries(others)) {
      const { clientConfig, ...rest } = change as { clientConfig?: object }
      const withBundle = { ...rest, clientConfig: { caBundle, ...clientConfig } }
      // Also together with a valid caBundle, and beside a valid change of the other entry.
      const attempts = [change, withBundle].flatMap((webhook) =>
        names.map((name) => [
          ...bundles.filter((other) => other.name !== name),
          { name, ...webhook },
        ]),
      )
      for (const webhooks of attempts) {
        const { status, body } = await patch(ourPath, { webhooks })
        t.equal(status, 422, what)
        t.match(
          body.message,
          /ValidatingAdmissionPolicy 'akv-injector-certs'.* denied request/,
          what,
        )
      }
    }
  },
)

t.test(
  'the certificate controller can’t change the metadata or the list of webhooks',
  async (t) => {
    await applyCsiWebhooks(t, cluster, 'labelled')
    const [webhook, second] = csiWebhookConfiguration('labelled')['webhooks'] as readonly object[]
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'x' }
    for (const [what, answer] of Object.entries({
      label: await patch(ourPath, { metadata: { labels: { a: 'b' } } }),
      annotation: await patch(ourPath, { metadata: { annotations: { a: 'b' } } }),
      finalizer: await patch(ourPath, { metadata: { finalizers: ['example.com/x'] } }),
      owner: await patch(ourPath, { metadata: { ownerReferences: [owner] } }),
      added: await patchWebhook({ ...webhook, name: 'evil.example.com' }),
      removed: await patch(ourPath, { webhooks: [] }, 'merge-patch'),
      'one removed': await patch(ourPath, { webhooks: [webhook] }, 'merge-patch'),
      reordered: await patch(ourPath, { webhooks: [second, webhook] }, 'merge-patch'),
      'fields exchanged': await patch(
        ourPath,
        {
          webhooks: [
            { ...webhook, name: csiEntry },
            { ...second, name: 'pods.akv-injector.io' },
          ],
        },
        'merge-patch',
      ),
      renamed: await patch(
        ourPath,
        [{ op: 'replace', path: '/webhooks/0/name', value: 'evil.example.com' }],
        'json-patch',
      ),
      replaced: await patch(
        ourPath,
        { webhooks: [{ ...webhook, failurePolicy: 'Ignore' }] },
        'merge-patch',
      ),
    })) {
      t.equal(answer.status, 422, what)
      t.match(answer.body.message, /ValidatingAdmissionPolicy 'akv-injector-certs'/, what)
    }
  },
)

t.test(
  'the certificate controller can get and patch two Secrets and that configuration, and nothing else',
  async (t) => {
    for (const name of ['akv-injector-ca', 'akv-injector-webhook-tls']) {
      const path = `${secretsPath}/${name}`
      t.equal((await attempt({ method: 'GET', path })).status, 200)
      t.equal((await patch(path, { data: { 'tls.crt': 'eA==' } })).status, 200)
    }
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'mine' } }
    const webhook = { ...webhookConfiguration(), metadata: { name: 'mine' } }
    const policies = '/apis/admissionregistration.k8s.io/v1'
    const cases: readonly (readonly [Call['method'], string, object?])[] = [
      ['GET', secretsPath],
      ['POST', secretsPath, secret],
      ['DELETE', `${secretsPath}/akv-injector-ca`],
      ['GET', `${secretsPath}/other`],
      ['GET', '/api/v1/namespaces/default/secrets/akv-injector-ca'],
      ['GET', configurationsPath],
      ['POST', configurationsPath, webhook],
      ['DELETE', ourPath],
      ['GET', `${configurationsPath}/other`],
      ['PATCH', `${configurationsPath}/other`, {}],
      ['PATCH', `${policies}/validatingadmissionpolicies/akv-injector-certs`, {}],
      ['DELETE', `${policies}/validatingadmissionpolicybindings/akv-injector-certs`],
      ['GET', `${policies}/validatingwebhookconfigurations`],
      ['GET', `/api/v1/namespaces/${namespace}/pods`],
      ['POST', `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`, {}],
      ['PATCH', '/apis/rbac.authorization.k8s.io/v1/clusterroles/akv-injector-certs', {}],
    ]
    for (const [method, path, body] of cases) {
      const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const { status } = await attempt({ method, path, contentType, ...(body && { body }) })
      t.equal(status, 403, `${method} ${path}`)
    }
  },
)

t.test('the policy applies only to that account', async (t) => {
  const body = { webhooks: [{ name: 'pods.akv-injector.io', timeoutSeconds: 30 }] }
  const { status } = await api.call({
    method: 'PATCH',
    path: ourPath,
    body,
    contentType: 'application/strategic-merge-patch+json',
    query: { dryRun: 'All' },
  })
  t.equal(status, 200)
})

t.test(
  'with its rights, the certificate controller completes an install, and a second install keeps its work',
  async (t) => {
    const ended = await runCerts(t, { api, kubeconfigFile, until: 'everything is in place' })
    t.match(ended, { code: 0, stderr: '' })

    const before = await stored()
    for (const { data } of before) t.match(data, /tls.crt|LS0t/)
    for (const object of installObjects().filter(({ kind }) => kinds.has(kind)))
      expectSuccess(await cluster.apply(object))
    t.strictSame(await stored(), before)
  },
)

const kinds = new Set(['Secret', 'MutatingWebhookConfiguration'])

/** Returns what the controller wrote, as text. */
const stored = () =>
  Promise.all(
    installObjects()
      .filter(({ kind }) => kinds.has(kind))
      .map(async (object) => {
        const { body } = expectSuccess(await cluster.get(object))
        const [webhook] = (body['webhooks'] ?? []) as { clientConfig?: { caBundle?: string } }[]
        const data = JSON.stringify(body['data'] ?? webhook?.clientConfig?.caBundle ?? '')
        return { name: body.metadata.name, data }
      }),
  )
