import t from 'tap'
import { invalid, valid } from '../../../lib/problems/parsed.ts'
import { describeProblem, maxKeptProblems, type Problem } from '../../../lib/problems/problem.ts'
import {
  allOf,
  eachOf,
  only,
  parsed,
  type Read,
  refused,
  required,
  someOf,
  text,
} from '../../../lib/problems/read.ts'

/** What a reader gives, and what it reports. */
function read<T>(reader: Read<T>, value: unknown) {
  const problems: Problem[] = []
  const found = reader(value, { path: ['spec'], problems })
  return { found, problems, lines: problems.map(describeProblem) }
}

const members = {
  name: required(text),
  policy: only(['Owner', 'Orphan']),
  port: parsed((port) => (/^\d+$/.test(port) ? valid(Number(port)) : invalid('expected a number'))),
  find: refused('list the objects'),
}
const item = allOf(members)

t.test('an object is read with what it has', async (t) => {
  t.strictSame(read(item, { name: 'db', port: '8443', policy: null }), {
    found: { name: 'db', port: 8443 },
    problems: [],
    lines: [],
  })
})

t.test('each mistake is reported at its path', async (t) => {
  const { found, problems, lines } = read(item, {
    name: 7,
    policy: 'Merge',
    port: 'x\n',
    find: {},
    'po.rt': 1,
  })
  t.equal(found, undefined)
  t.strictSame(
    problems.map(({ path }) => path),
    [
      ['spec', 'name'],
      ['spec', 'policy'],
      ['spec', 'port'],
      ['spec', 'find'],
      ['spec', 'po.rt'],
    ],
  )
  t.strictSame(lines, [
    'spec.name "7": expected a string',
    'spec.policy "Merge": is not supported here; accepted: Owner, Orphan',
    'spec.port "x\\n": expected a number',
    'spec.find is not supported here; list the objects',
    'spec.po.rt is not supported here; did you mean port?',
  ])
})

t.test('what is required is missed if nothing else is wrong', async (t) => {
  for (const value of [{}, { name: null }])
    t.strictSame(read(item, value).lines, ['spec.name is missing'])
  t.strictSame(read(item, { port: 'x' }).lines, ['spec.port "x": expected a number'])
  for (const value of [[], 'x', 1, true])
    t.match(read(item, value).lines, [/^spec( ".*")?: expected an object$/])
})

t.test('parts can be read although others can’t', async (t) => {
  t.match(read(someOf(members), { name: 'db', port: 'x' }), {
    found: { name: 'db', port: undefined },
    problems: [{ path: ['spec', 'port'], found: 'x' }],
  })
  t.match(read(eachOf(item, 3), [{ name: 'a' }, {}, { name: 'b' }]), {
    found: [{ name: 'a' }, { name: 'b' }],
    lines: ['spec[1].name is missing'],
  })
})

t.test('lists and problems are bounded', async (t) => {
  t.strictSame(read(eachOf(text, 3), ['a', 'b', 'c', 'd']).lines, [
    'spec: found 4 items; accepted: at most 3',
  ])
  t.match(read(eachOf(text, 3), {}).lines, ['spec: expected a list'])
  const many = Array.from({ length: 1000 }, () => ({ name: 1, port: 1 }))
  t.equal(read(eachOf(item, 1000), many).problems.length, maxKeptProblems)
  const wide = Object.fromEntries(many.map((_, i) => [`x${i}`, 1]))
  t.equal(read(item, wide).problems.length, maxKeptProblems)
})

t.test('members that every object inherits are unknown', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString'])
    t.match(read(item, JSON.parse(`{ "${name}": "x" }`)).lines, [
      `spec.${name} is not supported here; accepted: `,
    ])
})
