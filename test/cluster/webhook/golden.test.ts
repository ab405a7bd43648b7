import t, { type Test } from 'tap'
import { describeProblem } from '../../../lib/problems/problem.ts'
import type { PatchOperation } from '../../../webhook/core/model/outcome.ts'
import {
  type AdmissionCase,
  admissionCases,
  type PolicyChanges,
  policyWith,
  readOutcome,
} from '../../support/golden/admission-cases.ts'
import type { KubeObject } from '../client/api.ts'
import { callPatiently } from '../client/call-patiently.ts'
import { openCluster, testNamespace } from '../client/cluster.ts'
import { supportsEnv } from '../client/env-support.ts'
import type { Pod } from '../client/pods.ts'
import { serveWebhook } from './harness/serve-webhook.ts'

/** Tries the golden cases of admission on a real API server, by server-side dry run. */

/** The cases that the API server refuses by itself, and its message. */
const refusedAnyway = new Map([
  ['annotation-is-not-a-string', /cannot unmarshal number into Go struct field ObjectMeta/],
  ['containers-is-not-a-list', /cannot unmarshal string into Go struct field PodSpec/],
  ['labels-is-not-a-map', /cannot unmarshal array into Go struct field ObjectMeta/],
  ['mirror-pod', /a mirror pod may not reference service accounts/],
])

const cluster = openCluster(t)
const namespace = await testNamespace(t, cluster)
for (const object of [serviceAccount('web'), runtimeClass('kata-mshv-vm-isolation')]) {
  const { status } = await cluster.create(object)
  // The cluster may already have that runtime class. If so, it isn't deleted.
  if (status === 201) t.teardown(() => cluster.delete(object))
}

const hasOwnPolicy = ({ policyChanges }: AdmissionCase) => policyChanges !== undefined

t.test('the cases with the default policy', async (t) => {
  await serveWebhook(t, cluster)
  let tried = 0
  for (const { name, review } of admissionCases.filter(
    (admissionCase) => !hasOwnPolicy(admissionCase),
  )) {
    const pod = podOf(review.request)
    if (!pod) continue
    tried += 1
    await t.test(name, (t) => agrees(t, name, pod))
  }
  t.ok(tried >= 90, `${tried} cases`)
})

for (const { name, review, policyChanges } of admissionCases.filter(hasOwnPolicy))
  t.test(name, async (t) => {
    const pod = podOf(review.request)
    await serveWebhook(t, cluster, { policy: policyWith(inOurNamespace(policyChanges)) })
    if (pod) await agrees(t, name, pod)
  })

async function agrees(t: Test, name: string, pod: Pod): Promise<void> {
  const outcome = readOutcome(name)
  const { status, body } = await callPatiently(() => cluster.create(pod, { dryRun: true }))
  const anyway = refusedAnyway.get(name)
  if (anyway) return void t.match(body.message, anyway)
  const isInjected =
    outcome.kind === 'injected' || (outcome.kind === 'skipped' && outcome.reason === 'complete')
  const readsEnv = JSON.stringify([pod, outcome]).includes('fileKeyRef') || requestsEnv(pod)
  if (!supportsEnv && readsEnv && outcome.kind === 'denied') return void t.not(status, 201)
  if (!supportsEnv && readsEnv && isInjected) {
    t.not(status, 201)
    return void t.match(body.message, /needs Kubernetes 1\.35|must specify one of/)
  }
  switch (outcome.kind) {
    case 'denied':
      t.not(status, 201)
      for (const problem of outcome.problems.slice(0, 20)) {
        const line = describeProblem({ path: [], ...problem }).replace(
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

/** Returns the case's pod in the test's namespace, or undefined if the case doesn't create a pod. */
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

/** Replaces the cases' namespace by the test's in a policy. */
function inOurNamespace({ allowedVaults, ...changes }: PolicyChanges = {}): PolicyChanges {
  if (allowedVaults === undefined) return changes
  const lists = Object.entries(allowedVaults).map(
    ([of, vaults]) => [of === 'default' ? namespace : of, vaults] as const,
  )
  return { ...changes, allowedVaults: Object.fromEntries(lists) }
}

/** Returns all names at any depth: those of containers, volumes, mounts and variables. */
function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  const { name } = value as { name?: unknown }
  return [...(typeof name === 'string' ? [name] : []), ...Object.values(value).flatMap(namesIn)]
}

function missingNames(operations: readonly PatchOperation[], pod: KubeObject): string[] {
  const there = new Set(namesIn(pod['spec']))
  return namesIn(
    operations.map((operation) => (operation.op === 'add' ? operation.value : [])),
  ).filter((name) => !there.has(name))
}

const requestsEnv = ({ metadata }: Pod): boolean =>
  'akv-injector.io/env' in ((metadata as { annotations?: object }).annotations ?? {})

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
