import t from 'tap'
import { templateRenderer } from '../../../delivery/go-template/render.ts'
import { countingBudget } from '../../support/counting-budget.ts'

const values = {
  user: 'web',
  password: 'p@ss "word"\n',
  empty: '',
  'a-b': 'dashed',
  json: '{"host":"db","port":5432,"big":123456789,"tags":["a",null],"none":null,"tls":{"on":true}}',
  encoded: 'aGVsbG8=',
}
const data = new Map(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]))

async function rendered(template: string, given: ReadonlyMap<string, Uint8Array> = data) {
  const result = await templateRenderer(given)(template)
  return result.kind === 'valid'
    ? Buffer.from(result.value).toString()
    : { problem: result.problem }
}

/** Each result is what Go's text/template with sprig gives; test/fuzz/templates.test.ts compares many more. */
const results: Readonly<Record<string, string>> = {
  'plain text': 'plain text',
  '': '',
  '{{ .user }}:{{ .password }}': 'web:p@ss "word"\n',
  '{{ index . "a-b" }}': 'dashed',
  '{{ .password | trim | quote }}': '"p@ss \\"word\\""',
  '{{ printf "%s:%s" .user (trim .password) | b64enc }}': 'd2ViOnBAc3MgIndvcmQi',
  '{{ .encoded | b64dec }}': 'hello',
  '{{ (fromJson .json).host }}:{{ (fromJson .json).port }}': 'db:5432',
  '{{ (fromJson .json).big }}': '1.23456789e+08',
  '{{ (fromJson .json).tags }} {{ (fromJson .json).none }}': '[a <nil>] <no value>',
  '{{ (fromJson .json).tls | toJson }}': '{"on":true}',
  '{{ index (fromJson .json) "tls" "on" }}': 'true',
  '{{ .empty | default "other" }}': 'other',
  '{{ if and .user (not .empty) }}yes{{ else }}no{{ end }}': 'yes',
  '{{ if eq .user "api" }}a{{ else if ne .user "web" }}b{{ else }}c{{ end }}': 'c',
  'a  {{- /* comment */ -}}  b {{- " c" -}} \n d': 'ab cd',
  '{{ "a\\tb\\u00e9\\x41" }}{{ `\\n` }}': 'a\tb\u00e9A\\n',
  '{{ upper "straße" }} {{ lower "ÀÉ" }} {{ trimSuffix "b" "ab" }} {{ trimPrefix "a" "ab" }}':
    'STRAßE àé a b',
  '{{ replace "a" "$&" "banana" }} {{ replace "" "-" "ab" }}': 'b$&n$&n$& -a-b-',
  '{{ printf "%d %q %v" .user .user (fromJson .json).tags }}': '%!d(string=web) "web" [a <nil>]',
  '{{ printf "%s" }}|{{ printf "x" .user }}|{{ printf "100%" }}':
    '%!s(MISSING)|x%!(EXTRA string=web)|100%!(NOVERB)',
  '{{ printf "%d" (eq .user "web") }} {{ quote "\\xff\\xfe\\u00e9" }}':
    '%!d(bool=true) "\\xff\\xfeé"',
  '{{ printf "%q" "\\x01\\x7f\\u0085" }}': '"\\x01\\x7f\\u0085"',
  '{{ toJson .empty }}{{ "<a>" | toJson }}': '"""\\u003ca\\u003e"',
  '{{ or .empty .user }}{{ and .empty .user }}': 'web',
}

for (const [template, expected] of Object.entries(results))
  t.test(`renders ${JSON.stringify(template)}`, async (t) => {
    t.equal(await rendered(template), expected)
  })

t.test('keeps bytes that are not text', async (t) => {
  const bytes = Uint8Array.from([0xff, 0, 0x80, 0xc3])
  const render = templateRenderer(new Map([['bytes', bytes]]))
  const result = await render('{{ .bytes | b64enc | b64dec }}')
  t.same(result, { kind: 'valid', value: bytes })
})

const problems: Readonly<Record<string, RegExp>> = {
  '{{ .usr }}': /^no key "usr" is among the values$/,
  '{{ index . "usr" }}': /^no key "usr" is among the values$/,
  '{{ .constructor }}': /^no key "constructor"/,
  '{{ (fromJson .json).hots }}': /^the JSON object has no member "hots"$/,
  '{{ (fromJson .json).host.x }}': /^a string has no member "x"$/,
  '{{ index . .password }}': /^index: a computed key is not there$/,
  '{{ .user | b64dec }}': /^b64dec: its value is not base64$/,
  '{{ .user | fromJson }}': /^fromJson: its value is not JSON$/,
  '{{ upper (fromJson .json) }}': /^upper takes strings; found a JSON object$/,
  '{{ eq .user (fromJson .json).port }}': /^can't compare a string with a number; /,
  '{{ pkcs12key .user }}': /^pkcs12key: the PFX .*; a PKCS#12 file .* needs b64dec first$/,
  '{{ filterPEM "CERTIFICATE" .user }}': /^filterPEM: its value is not PEM$/,
  '{{ range .a }}{{ end }}':
    /^\{\{ range \}\} is not supported; accepted: if, else, end, and the functions and, /,
  '{{ constructor }}': /^\{\{ constructor \}\} is not supported/,
  '{{ $x := .user }}': /^"\$" is not supported in an action; accepted: /,
  '{{ 1 }}': /^"1" is not supported in an action/,
  '{{ .user | nindent 4 }}': /^\{\{ nindent \}\} is not supported/,
  '{{ range $k, $v := . }}{{ end }}': /^\{\{ range \}\} is not supported/,
  '{{ index (fromJson .json) 0 }}': /^"0" is not supported in an action/,
  '{{ if .user }}{{ end 4 }}': /^"4" is not supported in an action/,
  '{{ .a 😀 }}': /^"😀" is not supported in an action/,
  '{{ .a-b }}': /^found "\.a-"; a name after a dot .*: write index \. "NAME"/,
  '{{ .user': /^an action has no end/,
  '{{ "a }}': /^a string in an action has no end$/,
  '{{ }}': /^an action, a pipe or a parenthesis has no value$/,
  '{{ .a | .b }}': /^only functions may follow a pipe$/,
  '{{ .a .b }}': /^only a function takes arguments; put the function first$/,
  '{{ (.a }}': /^the parentheses do not match$/,
  '{{ trim }}': /^trim has 0 arguments; it takes 1$/,
  '{{ printf "%x" .a }}': /^printf: "%x" is not supported; accepted: %s, %v, %d, %q and %%$/,
  '{{ printf (printf "100%%%s" .user) }}':
    /^printf: a computed format has a verb that is not supported; accepted: %s, %v, %d, %q and %%$/,
  '{{ if .a }}': /^\{\{ if \}\} has no \{\{ end \}\}$/,
  '{{ end }}': /^\{\{ end \}\} has no \{\{ if \}\} before it$/,
  '{{ if .a }}{{ else }}{{ else }}{{ end }}': /^\{\{ else \}\} has no \{\{ end \}\}$/,
  '{{/* a }}': /^a comment has to end with/,
  '{{ "\\q" }}': /^a string has the escape \\q, which Go doesn't accept$/,
}

for (const [template, expected] of Object.entries(problems))
  t.test(`refuses ${JSON.stringify(template)}`, async (t) => {
    t.match(await rendered(template), { problem: expected })
  })

t.test('no message contains a value', async (t) => {
  for (const template of Object.keys(problems)) {
    const { problem } = (await rendered(template)) as { problem: string }
    t.notMatch(problem, /web|p@ss|dashed|aGVsbG8|5432/, template)
  }
})

t.test('bounds what a template may cost', async (t) => {
  const expectProblem = async (template: string, expected: RegExp, given = data) =>
    t.match(await rendered(template, given), { problem: expected })
  const big = new Map([['a', Buffer.alloc(25_000, 'a')]])
  await expectProblem('a'.repeat(65_537), /^found 65537 characters; accepted/)
  await expectProblem(
    '{{ .a }}'.repeat(50),
    /^the templates give more than 1048576 bytes together$/,
    big,
  )
  await expectProblem(
    '{{ if upper .a }}{{ end }}'.repeat(400),
    /^its functions handle more than 16777216 bytes$/,
    big,
  )
  await expectProblem(
    `{{ .a ${'| replace "a" "aa" '.repeat(10)} }}`,
    /^replace gives more than 262144 bytes$/,
    big,
  )
  await expectProblem(
    `{{ replace "a" .b .a }}`,
    /^replace gives more/,
    new Map([...big, ['b', Buffer.alloc(25_000, 'b')]]),
  )
  await expectProblem(
    `{{ printf "${'%s'.repeat(11)}" ${'.a '.repeat(11)} }}`,
    /^one of its functions handles more than 262144 bytes$/,
    big,
  )
  await expectProblem(`{{ .a${'.b'.repeat(15_000)} }}`, /^it has more than 32 fields in a row$/)
  await expectProblem(`{{ .a ${'| trim'.repeat(6_000)} }}`, /^it has more than 32 pipes in a row$/)
  await expectProblem(
    `{{ index . ${'"a" '.repeat(9_000)} }}`,
    /^it has more than 32 keys in a row$/,
  )
  await expectProblem(`{{ ${'('.repeat(8_000)} }}`, /nested more than 32 levels/)
  await expectProblem('{{ if .a }}'.repeat(2_000), /nested more than 32 levels/)
  await expectProblem(
    '{{ fromJson .a }}',
    /nested more than 32 levels/,
    new Map([['a', Buffer.from('['.repeat(8_000) + ']'.repeat(8_000))]]),
  )
  t.equal(((await rendered('a'.repeat(65_536))) as string).length, 65_536)
})

t.test('bounds what all templates of a Secret give together', async (t) => {
  const render = templateRenderer(new Map([['a', Buffer.alloc(25_000, 'a')]]))
  const template = '{{ .a }}'.repeat(30)
  t.match(await render(template), { kind: 'valid' })
  t.match(await render(template), {
    problem: /^the templates give more than 1048576 bytes together$/,
  })
})

t.test('does not print many values at once', async (t) => {
  const many = new Map(
    Array.from({ length: 20 }, (_, n) => [`k${n}`, Buffer.alloc(25_000, 'a')] as const),
  )
  t.strictSame(await rendered('{{ . }}', many), {
    problem: 'one of its values has more than 262144 bytes',
  })
})

t.test('charges the budget for what is printed', async (t) => {
  const { budget, charged } = countingBudget()
  await templateRenderer(new Map([['a', Buffer.alloc(100_000, 'a')]]), budget)('{{ . }}')
  t.ok(charged.microseconds >= 1_000)
})

t.test('charges the budget for what functions read and return', async (t) => {
  const { budget, charged } = countingBudget()
  await templateRenderer(new Map([['a', Buffer.alloc(10_000, 'a')]]), budget)('{{ .a | upper }}')
  t.ok(charged.microseconds >= 2_000)
})

t.test('bounds the parts of a template', async (t) => {
  t.strictSame(await rendered('{{.user}}'.repeat(6_000)), 'web'.repeat(6_000))
  t.match(await rendered('{{.user}}'.repeat(7_000)), {
    problem: /^it has more than 20000 parts; braces, names, /,
  })
})

t.test('bounds the values of fromJson by their number, before it parses them', async (t) => {
  const json = (item: string, count: number) =>
    new Map([['json', Buffer.from(`[${`${item},`.repeat(count)}1]`)]])
  const template = '{{ if fromJson .json }}yes{{ end }}'
  t.equal(await rendered(template, json('1', 12_000)), 'yes', 'as many as the vault’s bound allows')
  t.match(await rendered(template, json('1', 17_000)), {
    problem: 'fromJson: its value has more than 16384 values',
  })
  t.match(await rendered(template, json('{}', 4_000)), {
    problem: 'one of its functions handles more than 262144 bytes',
  })
})

t.test('checks each argument when it is there, before the next one is made', async (t) => {
  const { budget, charged } = countingBudget()
  const json = `[${'1,'.repeat(12_000)}1]`
  const render = templateRenderer(new Map([['json', Buffer.from(json)]]), budget)
  const once = async (count: number) => {
    const before = charged.microseconds
    t.match(await render(`{{ printf "" ${'(fromJson .json) '.repeat(count)} }}`), {
      problem: 'one of its functions handles more than 262144 bytes',
    })
    return charged.microseconds - before
  }
  const few = await once(2)
  t.ok((await once(200)) < 1.5 * few)
})
