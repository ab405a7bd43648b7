import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { AddOperation, Outcome } from '../../webhook/core/outcome.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { describeProblem } from '../../webhook/describe-problem.ts'
import { policy as standard } from '../webhook/core/policy.ts'
import type { KubeObject } from './api.ts'
import { openCluster, testNamespace } from './cluster.ts'
import type { Pod } from './pods.ts'
import { serveWebhook } from './serve-webhook.ts'

/** The golden cases of admission once more, by server-side dry run: what a real API server makes of the outcomes. */
const folder = join(import.meta.dirname, '../fixtures/admission')
const read = (name: string, file: string) =>
  JSON.parse(readFileSync(join(folder, name, file), 'utf8'))

/** What the API server refuses whatever we say, and how. */
const refusedAnyway = new Map([
  ['annotation-is-no-text', /cannot unmarshal number into Go struct field ObjectMeta/],
  ['containers-is-no-list', /cannot unmarshal string into Go struct field PodSpec/],
  ['mirror-pod', /a mirror pod may not reference service accounts/],
])

const cluster = openCluster(t)
const namespace = await testNamespace(t, cluster)
for (const object of [serviceAccount('web'), runtimeClass('kata-mshv-vm-isolation')]) {
  const { status } = await cluster.create(object)
  // A foreign cluster may have that runtime class, and keeps it.
  if (status === 201) t.teardown(() => cluster.delete(object))
}

const cases = readdirSync(folder)
const ownPolicy = (name: string) => existsSync(join(folder, name, 'policy.json'))

t.test('the cases of an operator who changed nothing', async (t) => {
  await serveWebhook(t, cluster)
  let tried = 0
  for (const name of cases.filter((name) => !ownPolicy(name))) {
    const pod = podOf(read(name, 'review.json').request)
    if (!pod) continue
    tried += 1
    await t.test(name, (t) => agrees(t, name, pod))
  }
  t.ok(tried >= 90, `${tried} cases`)
})

for (const name of cases.filter(ownPolicy))
  t.test(name, async (t) => {
    const { request } = read(name, 'review.json')
    const pod = podOf(request)
    await serveWebhook(t, cluster, policyOf(name))
    if (pod) await agrees(t, name, pod)
  })

async function agrees(t: Test, name: string, pod: Pod): Promise<void> {
  const outcome: Outcome = read(name, 'patch.json')
  const { status, body } = await cluster.create(pod, { dryRun: true })
  const anyway = refusedAnyway.get(name)
  if (anyway) return void t.match(body.message, anyway)
  switch (outcome.kind) {
    case 'denied':
      t.not(status, 201)
      for (const problem of outcome.problems.slice(0, 20)) {
        const line = describeProblem(problem).replace(
          'namespace "default"',
          `namespace "${namespace}"`,
        )
        t.ok(body.message?.includes(line), line)
      }
      return
    case 'injected':
      t.equal(status, 201, body.message ?? 'is admitted')
      t.strictSame(missingNames(outcome.operations, body), [], 'all that was added is there')
      return
    case 'skipped':
      t.equal(status, 201, body.message ?? 'is admitted')
      t.strictSame(ours(body as Pod), ours(pod), 'nothing of ours is added')
      return
    default:
      outcome satisfies never
  }
}

/** The case's pod in our namespace; undefined for what isn't the creation of a pod. */
function podOf(request: Readonly<Record<string, unknown>>): Pod | undefined {
  const { kind, operation, subResource, object } = request as {
    kind: { kind: string }
    operation: string
    subResource?: string
    object: Pod
  }
  if (kind.kind !== 'Pod' || operation !== 'CREATE' || subResource) return undefined
  if (!object?.spec || typeof object.spec !== 'object') return undefined
  return { ...object, apiVersion: 'v1', kind: 'Pod', metadata: { ...object.metadata, namespace } }
}

/** What the operator set otherwise, what is meant for the case's namespace being for ours. */
function policyOf(name: string): Policy {
  const { allowedVaults, ...changes } = read(name, 'policy.json')
  if (allowedVaults === undefined) return { ...standard, ...changes }
  const lists = Object.entries(allowedVaults as Record<string, string[]>).map(
    ([of, vaults]) => [of === 'default' ? namespace : of, new Set(vaults)] as const,
  )
  return { ...standard, ...changes, allowedVaults: new Map(lists) }
}

/** All names, at any depth: of containers, volumes, mounts and variables. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { name } = value as { name?: unknown }
  return [...(typeof name === 'string' ? [name] : []), ...Object.values(value).flatMap(namesIn)]
}

function missingNames(operations: readonly AddOperation[], pod: KubeObject): string[] {
  const there = new Set(namesIn(pod['spec']))
  return namesIn(operations.map(({ value }) => value)).filter((name) => !there.has(name))
}

const ours = ({ spec }: Pod) =>
  namesIn([spec.volumes, spec.initContainers])
    .filter((name) => name.startsWith('akv-injector'))
    .sort()

function serviceAccount(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } }
}

function runtimeClass(name: string) {
  return { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler: 'kata' }
}
