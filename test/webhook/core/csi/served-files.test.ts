import t from 'tap'
import { mutate } from '../../../../webhook/core/mutate.ts'
import { policy } from '../policy.ts'
import { csiPod, csiVolume, exampleClass, lookedUp, requestOf } from './example.ts'

/** Reviews a pod with as many volumes as there are object lists, each of a class of its own. */
function review(...lists: readonly string[]) {
  const pod = csiPod()
  pod.spec.volumes = lists.map((_, i) => csiVolume(`v${i}`, `class-${i}`))
  const classes = lists.map((objects, i) => [`class-${i}`, exampleClass({ objects })])
  return mutate(requestOf(pod), policy, lookedUp(Object.fromEntries(classes)))
}

const item = '  - "{objectName: a, objectType: secret}"\n'
const comment = (length: number) => `#${'x'.repeat(length)}\narray:\n${item}`
const together = (sentence: RegExp) => ({
  kind: 'denied',
  problems: [{ subject: 'the SecretProviderClasses of the pod', sentence }],
})

t.test('all object lists of a pod together may be as long as one', async (t) => {
  t.match(review(comment(16_000), comment(16_000)), { kind: 'injected' })
  t.match(
    review(comment(16_000), comment(17_000)),
    together(/^found 33\d{3} characters in their parameters\.objects; accepted: at most 32768$/),
  )
  t.match(review(comment(33_000)), {
    kind: 'denied',
    problems: [
      { sentence: /^parameters\.objects: found 33\d{3} characters; accepted: at most 32768$/ },
    ],
  })
})

t.test('all classes of a pod together may cost as much to parse as one class', async (t) => {
  const costly = `array:\n${item.repeat(300)}`
  t.match(
    review(costly, costly),
    together(/^found more than 3000 lines, brackets, quotes, commas and colons in their/),
  )
})

t.test('a list that several volumes use counts once', async (t) => {
  const pod = csiPod()
  pod.spec.volumes = ['a', 'b', 'c'].map((name) => csiVolume(name))
  const classes = lookedUp({ 'azure-kv': exampleClass({ objects: comment(30_000) }) })
  t.match(mutate(requestOf(pod), policy, classes), { kind: 'injected' })
})

t.test('versions of all volumes together are bounded', async (t) => {
  const many = (from: number) =>
    `array:\n${Array.from({ length: 8 }, (_, i) => `  - {objectName: o${from + i}, objectType: secret, objectVersionHistory: 100}\n`).join('')}`
  t.match(review(many(0), many(10)), {
    kind: 'denied',
    problems: [{ sentence: 'found 1600 versions in all histories; accepted: at most 1000' }],
  })
})

t.test('a field that the provider does not know is a warning of each volume', async (t) => {
  const list = `array:\n  - "{objectName: a, objectType: secret, objectMode: '0600'}"\n`
  const outcome = review(list, `array:\n${item}`)
  t.match(outcome, {
    kind: 'injected',
    warnings: [
      {
        subject: 'volume v0, SecretProviderClass class-0',
        sentence:
          'parameters.objects, item 1, unknown field objectMode has no effect; did you mean objectName?',
      },
    ],
  })
  t.equal(outcome.kind === 'injected' && outcome.warnings.length, 1)
})
