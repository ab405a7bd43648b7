import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import type { KubeObject } from '../client/api.ts'
import { openCluster, testNamespace, until } from '../client/cluster.ts'
import { envIfSupported } from '../client/env-support.ts'
import { expectSuccess } from '../client/expect-success.ts'
import { annotatedPod } from '../client/pods.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

const { CLUSTER_AUDIT_LOG } = process.env
const skip = CLUSTER_AUDIT_LOG ? false : 'the audit log of a foreign cluster is out of reach'

t.test('the audit log shows our patch, and no secret, key or token', { skip }, async (t) => {
  const cluster = openCluster(t)
  const namespace = await testNamespace(t, cluster)
  await serveWebhook(t, cluster)
  const annotations = {
    vault: 'team-a',
    secrets: 'db-password, certs=tls/web-tls',
    ...envIfSupported('API_KEY=api-key, TLS_PASSPHRASE=tls-passphrase'),
    'template.app.conf': 'url = postgres://app:${db-password}@db/app',
    refresh: '5m',
  }
  const { body } = expectSuccess(await cluster.create(annotatedPod({ namespace, annotations })))
  const { name = '' } = body.metadata
  const ofThePod = () =>
    auditEventsWith(name).filter(
      ({ verb, responseObject }) => verb === 'create' && responseObject?.metadata?.name === name,
    )
  await until(async () => ofThePod().length > 0)
  const [event] = ofThePod()
  const patch = Object.entries(event?.annotations ?? {}).find(([key]) =>
    key.startsWith('patch.webhook.admission.k8s.io/'),
  )
  t.match(patch?.[1], 'akv-injector-files', 'it is the log that patches are in')
  t.ok(event?.requestObject)
  t.ok(event?.responseObject)

  const log = readFileSync(String(CLUSTER_AUDIT_LOG), 'utf8')
  const values = secretValues()
  t.ok(values.length >= 2)
  for (const value of values) t.notOk(log.includes(JSON.stringify(value).slice(1, -1)))
  // The log has tens of megabytes, which t.notMatch would take minutes for.
  t.notOk(log.includes('PRIVATE KEY'))
  t.notOk(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+/.test(log), 'a token, as JWTs look')
})

interface AuditEvent {
  readonly verb: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly requestObject?: object
  readonly responseObject?: Partial<KubeObject>
}

/** Parses only the lines that contain a text. The last line may be incomplete. */
const auditEventsWith = (text: string): AuditEvent[] =>
  readFileSync(String(CLUSTER_AUDIT_LOG), 'utf8')
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.includes(text))
    .map((line) => JSON.parse(line))

/** The values in the examples' vaults that are too long to appear in the log by chance. */
function secretValues(): string[] {
  const file = join(import.meta.dirname, '../../../manifests/examples/vault.yaml')
  const { vaults } = parse(readFileSync(file, 'utf8'))
  return Object.values(vaults as Record<string, { secrets: Record<string, unknown> }>)
    .flatMap(({ secrets }) => Object.values(secrets).flatMap(valuesIn))
    .filter((value) => value.length >= 8)
}

function valuesIn(secret: unknown): string[] {
  if (typeof secret === 'string') return [secret]
  const { value, versions } = secret as { value?: unknown; versions?: unknown[] }
  return [value, ...(versions ?? [])].filter((part) => part !== undefined).flatMap(valuesIn)
}
