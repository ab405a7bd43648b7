import fc from 'fast-check'
import t from 'tap'
import {
  type AgentState,
  type HeldObject,
  stateLines,
  stateMessage,
  variableVersionsOf,
} from '../../delivery/agent-state.ts'
import { createLog } from '../../lib/log/log.ts'
import { readAgentStates } from '../support/injected-pods/read-agent-states.ts'

const version = (i: number) => i.toString(16).padStart(32, '0')
const time = (i: number) => new Date(Date.UTC(2026, 10, 29) + i * 1000).toISOString()

/** The state as lines of a log. */
function logged(state: AgentState): readonly string[] {
  const lines: string[] = []
  const log = createLog({ level: 'info', write: (line) => lines.push(line.trimEnd()) })
  for (const details of stateLines(state)) log.info(stateMessage, details)
  return lines
}

const held = (name: string, more: Partial<HeldObject> = {}): HeldObject => ({
  object: `secret team-a:${name}`,
  versions: [version(1)],
  since: time(0),
  ...more,
})

const stateOf = (objects: readonly HeldObject[], at = time(9)): AgentState => ({
  agent: '0.1.0',
  at,
  objects,
})

const some: readonly HeldObject[] = [
  held('a'),
  { object: `tls team-b:Web@${version(7)}`, versions: [], older: true },
  held('b', { expires: time(99), failing: { code: 'AKV_FORBIDDEN', since: time(3) } }),
  held('c', { variables: [[version(1), time(0)]], versions: [version(2), version(1)] }),
  { object: 'key team-a:unknown', failing: { code: 'AKV_NETWORK' } },
]

t.test('a state is read as it was written', async (t) => {
  const lines = logged(stateOf(some))
  t.equal(lines.length, 1)
  t.strictSame(readAgentStates(lines), stateOf(some))
})

t.test('500 objects take several numbered lines, which no runtime cuts', async (t) => {
  const name = 'n'.repeat(120)
  const objects = Array.from({ length: 500 }, (_, i) =>
    held(`${name}${i}`, { expires: time(i), failing: { code: 'AKV_FORBIDDEN', since: time(i) } }),
  )
  const lines = logged(stateOf(objects))
  t.ok(lines.length > 5, `${lines.length} lines`)
  t.ok(lines.every((line) => line.length < 16 * 1024))
  t.match(lines[1], `"part":2,"parts":${lines.length},`)
  t.strictSame(readAgentStates(lines), stateOf(objects))
})

t.test('the largest state fits into 50 lines, by a shorter history of variables', async (t) => {
  const variables = Array.from({ length: 20 }, (_, i) => [version(i), time(i)] as const)
  const objects = Array.from({ length: 1500 }, (_, i) => held(`n${i}`, { variables }))
  const lines = logged(stateOf(objects))
  t.ok(lines.length <= 50 && lines.length > 20, `${lines.length} lines`)
  const read = readAgentStates(lines)
  t.equal(read?.objects.length, 1500)
  t.strictSame(
    read?.objects[1499],
    held('n1499', { variables: variables.slice(-1), older: true }),
    'the newest version stays',
  )
})

t.test('a long history and a long list of variables are cut, which the state says', async (t) => {
  const versions = Array.from({ length: 1000 }, (_, i) => version(i))
  const variables = versions.map((version, i) => [version, time(i)] as const)
  const lines = logged(stateOf([held('a', { versions, variables })]))
  t.strictSame(readAgentStates(lines)?.objects, [
    held('a', { versions: versions.slice(0, 200), variables: variables.slice(-20), older: true }),
  ])
})

t.test('a state that names more versions than an agent writes is none', async (t) => {
  const read = (versions: number, variables: number) => {
    const objects = [
      {
        object: 'secret team-a:a',
        versions: Array.from({ length: versions }, (_, i) => version(i)),
        variables: Array.from({ length: variables }, (_, i) => [version(i), time(i)]),
      },
    ]
    const details = { message: 'state', agent: '1.0.0', at: time(1), part: 1, parts: 1, objects }
    return readAgentStates([JSON.stringify(details)])?.objects.length
  }
  t.strictSame([read(200, 20), read(201, 20), read(200, 21)], [1, undefined, undefined])
})

t.test('versions with the same time are cut together', async (t) => {
  const variables = Array.from({ length: 22 }, (_, i) => [version(i), time(i >> 2)] as const)
  const read = readAgentStates(logged(stateOf([held('a', { variables })])))
  t.strictSame(read?.objects[0]?.variables, variables.slice(4))
  t.equal(read?.objects[0]?.older, true)
})

t.test('a process has the versions that were in place while its container started', async (t) => {
  const [one, two, three, four] = [version(1), version(2), version(3), version(4)]
  const minutes = (n: number) => n * 60
  const object = held('a', {
    variables: [
      [one, time(minutes(10))],
      [two, time(minutes(20))],
      [three, time(minutes(30))],
      [four, time(minutes(30))],
    ],
  })
  const startedAt = (seconds: number) => variableVersionsOf(object, Date.parse(time(seconds)))
  const cases: readonly [number, readonly string[]][] = [
    [minutes(5), []],
    [minutes(10) - 2, []],
    [minutes(10) - 1, [one]],
    [minutes(15), [one]],
    [minutes(20) - 2, [one]],
    [minutes(20) - 1, [one, two]],
    [minutes(21) - 1, [one, two]],
    [minutes(21), [two]],
    [minutes(30), [two, three, four]],
    [minutes(99), [three, four]],
  ]
  for (const [seconds, versions] of cases)
    t.strictSame(startedAt(seconds), { versions, isComplete: true }, `${seconds}`)
  const cut: HeldObject = { ...object, older: true }
  const isComplete = (seconds: number) =>
    variableVersionsOf(cut, Date.parse(time(seconds))).isComplete
  t.strictSame([minutes(5), minutes(11) - 1, minutes(11)].map(isComplete), [false, false, true])
  t.strictSame(variableVersionsOf({ object: 'x', older: true }, 0), {
    versions: [],
    isComplete: false,
  })
  const setBack = held('a', {
    variables: [
      [one, time(minutes(20))],
      [two, time(minutes(10))],
    ],
  })
  t.match(variableVersionsOf(setBack, Date.parse(time(minutes(15)))), { isComplete: false })
})

t.test('the newest complete state counts', async (t) => {
  const many = Array.from({ length: 200 }, (_, i) => held(`a-longer-name-of-an-object-${i}`))
  const [old, now] = [logged(stateOf(many, time(1))), logged(stateOf(many, time(2)))]
  t.ok(old.length > 1, `${old.length} lines`)
  const other = '{"time":"…","level":"info","message":"changed values written"}'
  t.equal(readAgentStates([...old, other, ...now])?.at, time(2))
  t.equal(readAgentStates([...old, ...now.slice(0, -1), other])?.at, time(1))
  t.equal(readAgentStates(now.slice(1)), undefined, 'the first line is missing')
  t.equal(readAgentStates([...now.slice(1), ...now])?.at, time(2))
  t.equal(readAgentStates([other, '']), undefined)
})

t.test('anything else in a log is skipped', async (t) => {
  const [line = ''] = logged(stateOf(some))
  const wrong: readonly [string, string][] = [
    ['"part":1', '"part":0'],
    ['"parts":1', '"parts":51'],
    ['"parts":1', '"parts":1e99'],
    ['secret team-a:a', 'secret team-a:\\u001b[2J'],
    ['secret team-a:a', 'secrets team-a:a'],
    [version(1), 'swordfish'],
    ['AKV_FORBIDDEN', 'AKV_\\u202e'],
    ['"agent":"0.1.0"', '"agent":"\\n"'],
    [time(9), '2026-11-29'],
    [time(9), '2026-13-29T00:00:00.000Z'],
    [`["${version(1)}","${time(0)}"]`, `["${version(1)}"]`],
    ['"message":"state"', '"message":"other","x":"state"'],
    ['"objects":', `"x":"${'x'.repeat(16 * 1024)}","objects":`],
    ['{', ''],
  ]
  for (const [part, other] of wrong) {
    const changed = line.replace(part, other)
    t.not(changed, line, part)
    t.equal(readAgentStates([changed]), undefined, other.slice(0, 40))
    t.strictSame(
      readAgentStates([line, changed, '"state"', '[{"message":"state"}]']),
      stateOf(some),
    )
  }
  const lines = fc.array(fc.oneof(fc.string(), fc.json(), fc.constant(line)), { maxLength: 5 })
  fc.assert(
    fc.property(lines, (lines) => {
      const read = readAgentStates(lines)
      return (read !== undefined) === lines.includes(line)
    }),
  )
})
