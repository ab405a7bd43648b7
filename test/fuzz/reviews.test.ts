import fc from 'fast-check'
import t from 'tap'
import { configVariable } from '../../delivery/contract.ts'
import { describeField } from '../../lib/problems/problem.ts'
import { annotationPrefix, objectKeys } from '../../requests/annotations/keys/own-annotations.ts'
import { podSettings } from '../../requests/annotations/pod-settings.ts'
import { agentLabel } from '../../webhook/core/injection/agent-label.ts'
import { readAdmissionReview } from '../../webhook/core/model/admission-review.ts'
import { agentName, identityVolume } from '../../webhook/core/model/our-names.ts'
import type { Outcome } from '../../webhook/core/model/outcome.ts'
import { describeWarning } from '../../webhook/core/model/outcome.ts'
import { allContainers, type Pod } from '../../webhook/core/model/pod.ts'
import { mutate } from '../../webhook/core/mutate.ts'
import { admissionCases } from '../support/golden/admission-cases.ts'
import { requestFor } from '../webhook/core/arbitraries.ts'
import { holds } from '../webhook/core/holds.ts'
import { assertConfiguredHosts, patchedPod } from '../webhook/core/patched-pod.ts'
import { policy } from '../webhook/core/policy.ts'
import { fuzz } from './harness/fuzz.ts'
import { assertSentence, pumped } from './harness/hostile.ts'
import { mutatedJson } from './harness/mutated-json.ts'
import { listPieces, templatePieces, yamlPieces } from './harness/pieces.ts'
import { assertCheap } from './harness/review-cost.ts'

const names = [agentName, identityVolume, configVariable, 'akv-injector-files', 'akv-injector-env']
const keys = [...objectKeys, ...Object.keys(podSettings)].map((key) => annotationPrefix + key)
const paths = ['/', '/mnt', '/mnt/secrets-store', '/akv/identity', '..', '\0', '\ud800', '\u202e']
const strings = fc.oneof(
  fc.constantFrom(...names, ...keys, ...paths, 'app', 'Always', 'https://evil.example'),
  pumped([...listPieces, ...templatePieces], 4_000),
  pumped(yamlPieces, 4_000),
  pumped([...names, ...keys, ...paths, 'https://', '"', '\\', '$(A)'], 4_000),
)
const objects = admissionCases.flatMap(({ review }) => {
  const read = readAdmissionReview(review)
  return read.kind === 'valid' && read.value.object !== undefined ? [read.value.object] : []
})
const pods = mutatedJson(objects, strings)

t.test('any review gets a valid outcome, cheaply', async (t) => {
  const kinds = new Map<Outcome['kind'], number>()
  await fuzz(
    t,
    fc.property(pods, (object) => {
      const outcome = mutate(requestFor(object), policy)
      kinds.set(outcome.kind, (kinds.get(outcome.kind) ?? 0) + 1)
      assertValid(outcome)
      assertCheap(object)
    }),
    () => (['injected', 'denied', 'skipped'] as const).every((kind) => kinds.has(kind)),
  )
  t.comment([...kinds].join(' '))
})

t.test('an injection only adds, is complete, and obeys the administrator', async (t) => {
  await fuzz(
    t,
    fc.property(pods, (object) => {
      const outcome = mutate(requestFor(object), policy)
      if (outcome.kind !== 'injected') return
      const after = patchedPod(object, outcome) as Pod
      if (!holds(after, withoutAgentLabel(object))) throw new Error('something of the pod is lost')
      const again = mutate(requestFor(after), policy)
      if (again.kind !== 'skipped' || again.reason !== 'complete')
        throw new Error(`reviewed again: ${JSON.stringify(again)}`)
      assertConfiguredHosts(after)
      assertIdentityIsTheAgents(after)
    }),
  )
})

t.test('any JSON in place of a review gets an answer', async (t) => {
  const reviews = mutatedJson(
    admissionCases.map(({ review }) => review),
    strings,
  )
  await fuzz(
    t,
    fc.property(fc.oneof(reviews, fc.jsonValue()), (review) => {
      const read = readAdmissionReview(review)
      if (read.kind === 'invalid') assertSentence(read.problem)
      else assertValid(mutate(read.value, policy))
    }),
  )
})

/** The label that a pod brings along is replaced. Nothing else is. */
function withoutAgentLabel(pod: unknown): unknown {
  const copy = structuredClone(pod) as { metadata?: { labels?: Record<string, unknown> } }
  if (copy.metadata?.labels) delete copy.metadata.labels[agentLabel]
  return copy
}

function assertValid(outcome: Outcome): void {
  if (outcome.kind === 'denied') {
    if (outcome.problems.length === 0) throw new Error('denied without a problem')
    for (const { found = 'x', sentence, ...field } of outcome.problems)
      for (const text of [describeField(field), found || 'x', sentence]) assertSentence(text, 2_000)
  }
  if (outcome.kind !== 'injected') return
  if (outcome.operations.length === 0) throw new Error('injected without an operation')
  if (outcome.operations.some(({ op }) => op !== 'add')) throw new Error('not an add')
  const bytes = Buffer.byteLength(JSON.stringify(outcome.operations))
  if (bytes > 1024 * 1024) throw new Error(`a patch of ${bytes} bytes`)
  for (const warning of outcome.warnings) assertSentence(describeWarning(warning), 256)
}

function assertIdentityIsTheAgents(pod: Pod): void {
  for (const { name, volumeMounts } of allContainers(pod))
    if (name !== agentName && volumeMounts?.some((mount) => mount.name === identityVolume))
      throw new Error(`container ${name} mounts the agent's identity`)
}
