import t from 'tap'
import { verify } from '../../../../repository/identity/verify/verify.ts'
import { azInMemory } from '../../../support/fake-az/az-in-memory.ts'
import {
  azure,
  commands,
  identity,
  issuer,
  report,
  reportOnRoles,
  wideRole,
} from './report-on-answers.ts'

t.test('the unchanged answers of the Azure CLI match, and every command is run', async (t) => {
  const { isMatch: matches, text, ran } = await report()
  t.ok(matches, text)
  t.strictSame([...new Set(ran)].toSorted(), commands.toSorted())
})

t.test('a command that fails is never taken for a match', async (t) => {
  for (const command of commands) {
    const { isMatch: matches, text } = await report((ran, answer) =>
      ran === command ? { kind: 'failed', sentence: 'it is broken', isForAll: false } : answer,
    )
    t.notOk(matches, command)
    t.match(text, /not verified: .*it is broken/, command)
  }
})

t.test('an Azure CLI that can’t be used ends the run, and keeps what was found', async (t) => {
  for (const [count, command] of commands.entries()) {
    const {
      isMatch: matches,
      text,
      ran,
    } = await report((now, answer) =>
      now === command ? { kind: 'failed', sentence: 'az isn’t signed in', isForAll: true } : answer,
    )
    t.notOk(matches, command)
    t.match(text, /Azure CLI:\n {2}not verified: az isn’t signed in/)
    t.equal(ran.at(-1), command)
    if (count > 1) t.match(text, 'id-web in rg-web')
  }
})

/** Depth that would overflow the stack of a recursive reader. */
const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
const wide = Array.from({ length: 100_000 }, (_, i) => ({ id: i }))
const values: readonly unknown[] = [
  ...[undefined, null, true, 0, '', 'x', [], {}, [null], [{}], [[]], { value: {} }, deep, wide],
  ...[
    { properties: null, id: null },
    { permissions: [null], roleName: 'x' },
  ],
  JSON.parse('{"__proto__":{"id":"x"},"constructor":1}'),
]

/** An empty list is an answer: nothing is assigned. */
const isEmptyList = (value: unknown) => Array.isArray(value) && value.length === 0

t.test('an answer in another form is never taken for a match', async (t) => {
  let tried = 0
  for (const command of commands)
    for (const value of values) {
      const { isMatch: matches, text } = await report((ran, answer) =>
        ran === command ? { kind: 'answered', value } : answer,
      )
      tried += 1
      t.notOk(matches, command)
      t.match(
        text,
        isEmptyList(value)
          ? /missing|not verified/
          : /not verified: .*(unknown form|has no managed)/,
      )
    }
  t.ok(tried > 100, `${tried} answers tried`)
})

const hostileText = '\u001b[2J\u202e\u2028--debug\r\n; touch x;$(id)`id`\'"'
const isPrintable = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u

/** The value with each text replaced, one after the other. */
function* mutations(value: unknown, replacement: unknown): Generator<unknown> {
  if (typeof value !== 'object' || value === null) {
    yield replacement
    return
  }
  for (const [name, member] of Object.entries(value))
    for (const changed of mutations(member, replacement))
      yield Array.isArray(value) ? value.with(Number(name), changed) : { ...value, [name]: changed }
}

t.test('no text of an answer controls the terminal, or becomes an option', async (t) => {
  let tried = 0
  for (const command of commands) {
    const answers: unknown[] = []
    await report((ran, answer) => {
      if (ran === command && answer.kind === 'answered') answers.push(answer.value)
      return answer
    })
    for (const replacement of [hostileText, 'a\0b', '-'.repeat(5000), { a: 1 }])
      for (const changed of mutations(answers[0], replacement)) {
        const { text } = await report((ran, answer) =>
          ran === command ? { kind: 'answered', value: changed } : answer,
        )
        tried += 1
        for (const line of text.split('\n')) {
          t.match(line, isPrintable)
          t.ok(line.length < 2000, line)
        }
      }
  }
  t.ok(tried > 120, `${tried} answers tried`)
})

t.test('arguments from an answer are never options of their own', async (t) => {
  const seen: string[][] = []
  const az = azInMemory(azure(), (command, answer) =>
    command === 'identity list' && answer.kind === 'answered' && Array.isArray(answer.value)
      ? {
          kind: 'answered',
          value: [{ ...answer.value[0], name: '--debug', resourceGroup: '--output=table' }],
        }
      : answer,
  )
  await verify(
    [identity],
    { issuers: [{ by: 'options', value: issuer }], grants: 'vault' },
    (args) => {
      seen.push([...args])
      return az(args)
    },
  )
  t.match(seen[1], [
    'identity',
    'federated-credential',
    'list',
    '--identity-name=--debug',
    '--resource-group=--output=table',
  ])
})

t.test('over 5,000 assignments and over 250 patterns of a role are an unknown form', async (t) => {
  for (const [count, patterns] of [
    [5001, 1],
    [1, 251],
  ] as const) {
    const { isMatch: matches, text } = await reportOnRoles(count, wideRole(patterns))
    t.notOk(matches)
    t.match(text, 'unknown form')
  }
  t.notMatch((await reportOnRoles(1, wideRole(250))).text, 'unknown form')
})
