import t from 'tap'
import { applyPatch } from '../../../../command/review/apply-patch.ts'
import type { AgentConfig } from '../../../../delivery/contract.ts'
import { describeWarning, type Outcome } from '../../../../webhook/core/model/outcome.ts'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { policy } from '../policy.ts'
import { csiPod, csiVolume, exampleClass, lookedUp, requestOf } from './example.ts'

const objects = `array:
  - "{objectName: a, objectType: secret}"
  - "{objectName: b, objectAlias: renamed, objectType: secret}"
  - "{objectName: c, objectType: secret, objectVersionHistory: 2}"
`
const classes = lookedUp({ 'azure-kv': exampleClass({ objects }) })

function podOf(annotations: Readonly<Record<string, string>>) {
  const pod = csiPod()
  pod.spec.volumes = [csiVolume('first'), csiVolume('second')]
  const own = Object.entries(annotations).map(([key, value]) => [`akv-injector.io/${key}`, value])
  return { ...pod, metadata: { ...pod.metadata, annotations: Object.fromEntries(own) } }
}

const review = (annotations: Readonly<Record<string, string>>) =>
  mutate(requestOf(podOf(annotations)), policy, classes)

const warningsOf = (outcome: Outcome): readonly string[] =>
  outcome.kind === 'injected' ? outcome.warnings.map(describeWarning) : [outcome.kind]

/** The paths of the files that may be absent. */
function optionalFiles(outcome: Outcome): readonly string[] {
  const text = JSON.stringify(outcome.kind === 'injected' ? outcome.operations : [])
  const [, encoded = '""'] = /"AKV_INJECTOR_CONFIG","value":("(?:[^"\\]|\\.)*")/.exec(text) ?? []
  const { files }: AgentConfig = JSON.parse(JSON.parse(encoded))
  return files.flatMap(({ volume, path, optional }) => (optional ? [`${volume}/${path}`] : []))
}

t.test('a pod says which files of its volumes may be absent', (t) => {
  t.strictSame(optionalFiles(review({ 'run-as': '1000' })), [])
  t.strictSame(optionalFiles(review({ 'optional-objects': 'a' })), ['first/a', 'second/a'])
  t.strictSame(optionalFiles(review({ 'optional-objects': ' renamed,\nc ' })), [
    ...['first/renamed', 'first/c'],
    ...['second/renamed', 'second/c'],
  ])
  t.equal(optionalFiles(review({ 'optional-objects': '*' })).length, 6)
  const own = { vault: 'team-a', secrets: 'a', 'mount-path': '/own', 'optional-objects': '*' }
  t.equal(optionalFiles(review(own)).length, 6, 'objects of annotations have their own mark')
  t.end()
})

t.test('a name that no volume has is a warning', (t) => {
  const unknown = warningsOf(review({ 'optional-objects': 'a, b, *' }))
  t.equal(unknown.filter((text) => text.includes('optional-objects')).length, 1)
  t.match(unknown, [/optional-objects names "b", which no volume has; expected the objectAlias/])
  const plain = { ...podOf({ vault: 'team-a', secrets: 'a', 'optional-objects': 'a' }) }
  const without = { ...plain, spec: { ...plain.spec, volumes: [] } }
  for (const container of without.spec.containers) Object.assign(container, { volumeMounts: [] })
  t.match(warningsOf(mutate(requestOf(without), policy, classes)), [
    /optional-objects has no effect without volumes .*append "\?"/,
  ])
  t.end()
})

t.test('what isn’t a list of names is refused', (t) => {
  for (const text of ['', ' , ', 'x,'.repeat(1001)])
    t.match(review({ 'optional-objects': text }), {
      kind: 'denied',
      problems: [{ sentence: /^expected 1 to 1000 names of files/ }],
    })
  t.end()
})

t.test('a second review changes nothing', (t) => {
  const pod = podOf({ 'optional-objects': 'a' })
  const outcome = review({ 'optional-objects': 'a' })
  if (outcome.kind !== 'injected') throw new Error(outcome.kind)
  const again = mutate(requestOf(applyPatch(pod, outcome.operations)), policy, classes)
  t.match(again, { kind: 'skipped', reason: 'complete' })
  t.end()
})
