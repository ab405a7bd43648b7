import t from 'tap'
import { describeProblem, type Problem } from '../../../lib/problems/problem.ts'
import { rewriteReader } from '../../../requests/external-secret/read-rewrite.ts'

function read(...items: readonly unknown[]) {
  const reader = rewriteReader()
  const problems: Problem[] = []
  const found = items.map((value, index) => reader(value, { path: [`rewrite-${index}`], problems }))
  return { found, problems: problems.map(describeProblem) }
}
const regexp = (source: string, target = 'x') => ({ regexp: { source, target } })

t.test('operations are read in their order, with the operator’s defaults', async (t) => {
  const { found, problems } = read([
    regexp('^a', ''),
    { transform: { template: '{{ .value | upper }}' } },
    { merge: {} },
    { merge: { into: 'all', strategy: 'Extract' } },
    {
      merge: {
        into: 'all',
        strategy: 'JSON',
        priority: ['b', 'a'],
        priorityPolicy: 'IgnoreNotFound',
        conflictPolicy: 'Ignore',
      },
    },
  ])
  const merge = { kind: 'merge', priority: [], ignoresMissing: false, ignoresConflicts: false }
  t.strictSame(problems, [])
  t.strictSame(found, [
    [
      { kind: 'regexp', source: '^a', target: '' },
      { kind: 'transform', template: '{{ .value | upper }}' },
      merge,
      merge,
      {
        ...{ kind: 'merge', into: 'all', priority: ['b', 'a'] },
        ...{ ignoresMissing: true, ignoresConflicts: true },
      },
    ],
  ])
  t.strictSame(read([]).found, [[]])
})

const refused: readonly (readonly [operation: unknown, sentence: RegExp])[] = [
  [{}, /^rewrite-0\[0\] needs exactly one of regexp, transform and merge$/],
  [{ ...regexp('a'), merge: {} }, /needs exactly one of/],
  [{ replace: {} }, /^rewrite-0\[0\]\.replace is not supported here/],
  [{ regexp: { source: 'a' } }, /^rewrite-0\[0\]\.regexp\.target is missing$/],
  [{ regexp: { target: 'a' } }, /^rewrite-0\[0\]\.regexp\.source is missing$/],
  [regexp('('), /^rewrite-0\[0\]\.regexp\.source "\(": expected a regular expression of Go/],
  [regexp('a(?=b)'), /expected a regular expression of Go/],
  [regexp('(?<=b)a'), /expected a regular expression of Go/],
  [regexp('(a)\\1'), /expected a regular expression of Go/],
  [regexp('a{64}'), /no count above 63$/],
  [regexp('(?:a{60}){60}(?:a{60})'), /at most 4096 characters, multiplied/],
  [regexp(`(?:${'ab?'.repeat(20)}){60}`), /at most 4096 characters, multiplied/],
  [regexp('a', 'x'.repeat(1025)), /target: accepted: at most 1024 characters$/],
  [{ transform: {} }, /^rewrite-0\[0\]\.transform\.template is missing$/],
  [{ transform: { template: '{{ .key }}' } }, /a template of a key has only \.value/],
  [{ transform: { template: '{{ range . }}{{ end }}' } }, /\{\{ range \}\} is not supported/],
  [{ merge: { strategy: 'JSON' } }, /^rewrite-0\[0\]\.merge\.into is missing; strategy JSON needs/],
  [{ merge: { strategy: 'Deep' } }, /merge\.strategy "Deep": is not supported here; accepted: Ext/],
  [{ merge: { conflictPolicy: 'ignore' } }, /accepted: Error, Ignore/],
  [{ merge: { priorityPolicy: 'x' } }, /accepted: Strict, IgnoreNotFound/],
  [{ merge: { priority: [''] } }, /priority\[0\] "": expected a string/],
  [{ merge: { priority: Array(501).fill('a') } }, /found 501 items; accepted: at most 500/],
]
for (const [operation, sentence] of refused)
  t.test(`refuses ${JSON.stringify(operation)?.slice(0, 80)}`, async (t) => {
    const { problems } = read([operation])
    t.equal(problems.length, 1)
    t.match(problems[0], sentence)
  })

t.test('all operations of an ExternalSecret share their bounds', async (t) => {
  const bounds = /^rewrite-1\[0\].*: an ExternalSecret may have 100 operations, whose expressions/
  const first = (operation: unknown, count: number) => Array(count).fill(operation)
  t.strictSame(read(first(regexp('a'.repeat(256)), 2)).problems, [])
  t.match(read(first(regexp('a'.repeat(256)), 2), [regexp('a')]).problems, [bounds])
  t.match(read(first({ merge: {} }, 100), [{ merge: {} }]).problems, [bounds])
  const transform = (length: number) => ({ transform: { template: 'a'.repeat(length) } })
  t.match(read([transform(4096)], [transform(1)]).problems, [bounds])
  t.match(read(first({ merge: {} }, 101)).problems, [/found 101 items; accepted: at most 100/])
})
