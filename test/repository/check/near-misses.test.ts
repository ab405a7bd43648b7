import t from 'tap'
import { runInProcess } from '../../support/run-in-process.ts'

const check = async (...objects: readonly object[]) => {
  const input = objects.map((object) => JSON.stringify(object)).join('\n---\n')
  const { code, stdout } = await runInProcess(['check', '-', '--output', 'json'], { input })
  const findings: readonly { severity: string; message: string }[] = JSON.parse(stdout).findings
  return { code, findings }
}
const podOf = (metadata: object) => ({
  kind: 'Pod',
  metadata: { name: 'app', ...metadata },
  spec: { containers: [{ name: 'app', image: 'app' }] },
})
const nearMiss = (key: string, name: string) => ({
  severity: 'warning',
  message: `${key}/${name}: its prefix isn't akv-injector.io/, so it has no effect; did you mean the annotation akv-injector.io/${name}?`,
})

t.test(
  'a key with almost our prefix is a warning on pods, and on objects that may have our annotations',
  async (t) => {
    const prefixes = [
      'akv-inject.io',
      'akv-injektor.io',
      'akvinjector.io',
      'akv-injector',
      'akv-injector.com',
      'Akv-Injector.io',
    ]
    for (const prefix of prefixes) {
      const annotations = { [`${prefix}/secrets`]: 'team-a:db' }
      const { code, findings } = await check(
        podOf({ annotations }),
        podOf({ labels: annotations }),
        {
          kind: 'Deployment',
          metadata: { name: 'app' },
          spec: { template: podOf({ annotations }) },
        },
        { kind: 'ServiceAccount', metadata: { name: 'app', annotations } },
        { kind: 'Secret', metadata: { name: 'app', annotations } },
      )
      t.equal(code, 0)
      t.match(findings, Array(5).fill(nearMiss(prefix, 'secrets')), prefix)
      t.equal(findings.length, 5)
    }
  },
)

t.test(
  'a key with almost our prefix is a warning on classes, stores and ExternalSecrets',
  async (t) => {
    const metadata = { name: 'kv', annotations: { 'akv-inject.io/service-account': 'web' } }
    const [apiVersion, vaultUrl] = ['external-secrets.io/v1', 'https://team-a.vault.azure.net']
    const store = { provider: { azurekv: { vaultUrl, authType: 'WorkloadIdentity' } } }
    const { findings } = await check(
      { apiVersion: 'secrets-store.csi.x-k8s.io/v1', kind: 'SecretProviderClass', metadata },
      { apiVersion, kind: 'SecretStore', metadata, spec: store },
      { apiVersion, kind: 'ClusterSecretStore', metadata, spec: store },
      { apiVersion, kind: 'ExternalSecret', metadata, spec: { secretStoreRef: { name: 'kv' } } },
    )
    const warnings = findings.filter(({ severity }) => severity === 'warning')
    t.match(warnings, Array(4).fill(nearMiss('akv-inject.io', 'service-account')))
    t.equal(warnings.length, 4)
  },
)

t.test('the other findings of the object stay', async (t) => {
  const annotations = { 'akv-injector.io/sync': '[]', 'akv-inject.io/vault': 'team-a' }
  const { code, findings } = await check({
    kind: 'ServiceAccount',
    metadata: { name: 'app', annotations },
  })
  t.equal(code, 1)
  t.match(findings, [{ severity: 'problem' }, nearMiss('akv-inject.io', 'vault')])
})

t.test('prefixes of others aren’t near misses', async (t) => {
  const keys = [
    'akv-injector.io',
    'akv2k8s.io/x',
    'app.kubernetes.io/name',
    'azure.workload.identity/use',
    'config.linkerd.io/x',
    'dapr.io/enabled',
    'injector.tetrate.io/x',
    'instrumentation.opentelemetry.io/x',
    'kuma.io/sidecar-injection',
    'linkerd.io/inject',
    'prometheus.io/scrape',
    'reloader.stakater.com/auto',
    'secrets-injector.io/x',
    'secrets-store.csi.x-k8s.io/x',
    'sidecar.istio.io/inject',
    'vault.hashicorp.com/role',
    'vault-injector.io/x',
  ]
  const labels = Object.fromEntries(keys.map((key) => [key, 'x']))
  const { findings } = await check(podOf({ labels, annotations: labels }))
  t.notOk(findings.some(({ message }) => message.includes('prefix')))
})

t.test('a document of near misses gets a bounded number of warnings', async (t) => {
  const annotations = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, i) => [`akv-inject.io/key-${i}`, '']),
  )
  const { findings } = await check(podOf({ annotations }))
  t.equal(findings.length, 100)
})
