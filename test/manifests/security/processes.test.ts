import t from 'tap'
import { render, withoutHelm } from '../helm.ts'
import { type Manifest, readRendered } from '../rendered.ts'
import { podsOf, privilegesOf, secretsOf } from './pod-privileges.ts'
import { readRendering } from './renderings.ts'

/** What Pod Security "restricted" requires, a read-only root, and an unprivileged user. */
const unprivileged = {
  runAsNonRoot: true,
  runAsUser: 65532,
  runAsGroup: 65532,
  fsGroup: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  writableMounts: [],
  ofNode: [],
}

const install = readRendering('install')
const objects = [...install, ...readRendering('sync')]
const pods = podsOf(objects)
const names = ['akv-injector-webhook', 'akv-injector-certs', 'akv-injector-sync']

/** A pod can turn off the token of its account, and decides if neither does. */
const mountsToken = (pod: Manifest, account: Manifest): boolean =>
  pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true

t.test('no process has a privilege', async (t) => {
  t.strictSame(Object.keys(pods).sort(), names.toSorted())
  for (const [name, pod] of Object.entries(pods)) {
    t.strictSame(privilegesOf(pod), [unprivileged], name)
    t.equal(pod.spec.enableServiceLinks, false, 'nor the addresses of other Services')
  }
})

t.test('each process acts as an account of its own, and the webhook as none', async (t) => {
  const accounts = objects.filter(({ kind }) => kind === 'ServiceAccount')
  t.strictSame(accounts.map(({ metadata }) => metadata.name).sort(), names.toSorted())
  for (const account of accounts) {
    const { name } = account.metadata
    t.equal(pods[name].spec.serviceAccountName, name)
    t.equal(mountsToken(pods[name], account), name !== 'akv-injector-webhook', name)
    t.notOk(mountsToken({ spec: {} }, account), 'a foreign pod with this account gets no token')
  }
})

t.test('only the webhook sees a Secret: its serving certificate', async (t) => {
  t.strictSame(
    names.map((name) => secretsOf(pods[name])),
    [['akv-injector-webhook-tls'], [], []],
  )
})

t.test('the namespace admits only pods without privileges', async (t) => {
  const [{ kind, metadata }] = install
  t.equal(kind, 'Namespace')
  t.equal(metadata.labels['pod-security.kubernetes.io/enforce'], 'restricted')
})

t.test(
  'no value gives a process a privilege, nor the pod of helm test',
  { skip: withoutHelm },
  async (t) => {
    const values = {
      sync: { enabled: true },
      csi: { namespaces: 'all' },
      cloud: {
        name: 'custom',
        authorityHost: 'https://login.example',
        vaultUrl: 'https://{vault}.vault.example',
        ca: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
      },
      webhook: { clientCertificates: { secretName: 'callers' } },
    }
    const pods = podsOf(readRendered(render({ values, withTests: true }).text).objects)
    t.strictSame(Object.keys(pods).sort(), [...names, 'akv-injector-test'].sort())
    for (const [name, pod] of Object.entries(pods)) {
      t.strictSame(privilegesOf(pod), [unprivileged], name)
      t.equal(pod.spec.serviceAccountName, name)
      const secrets = name === 'akv-injector-webhook' ? ['akv-injector-webhook-tls', 'callers'] : []
      t.strictSame(secretsOf(pod), secrets, name)
    }
  },
)
