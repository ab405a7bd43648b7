import fc from 'fast-check'
import t from 'tap'
import { parseEmulatorData } from '../../emulator/parse-data.ts'
import { yaml } from './fixture.ts'

const id = '22222222-2222-2222-2222-222222222222'

t.test('the form in the documentation is read', async (t) => {
  const parsed = parseEmulatorData(yaml)
  t.match(parsed, {
    data: {
      tenantId: '11111111-1111-1111-1111-111111111111',
      identities: [
        {
          clientId: id,
          federatedCredentials: [
            {
              subject: 'system:serviceaccount:default:web',
              audience: 'api://AzureADTokenExchange',
            },
          ],
        },
      ],
      vaults: [
        {
          name: 'team-a',
          readers: [id],
          secrets: [
            { name: 'db-password', deleted: false, versions: [{ value: 'correct horse' }] },
            {
              versions: [
                {
                  value: 'k1',
                  contentType: 'text/plain',
                  tags: { team: 'a' },
                  created: new Date('2026-01-02T03:04:05Z'),
                },
              ],
            },
            { versions: [{ value: 'v1' }, { value: 'v2', enabled: false }] },
            { name: 'gone', deleted: true },
            { name: 'random', versions: [{ value: { generate: 24 } }] },
          ],
        },
        { name: 'open', readers: ['*'] },
      ],
    },
  })
})

t.test('an empty file is an empty emulator', async (t) => {
  for (const text of ['', '# nothing', '{}', 'vaults: {}', 'vaults:'])
    t.match(parseEmulatorData(text), { data: { identities: [], vaults: [] } }, text)
})

t.test('values stay what was written, however they look', async (t) => {
  for (const value of ['0644', 'true', 'no', '1e3', '~', 'null', '2026-01-01', '0x1F', '1_000'])
    for (const form of [value, `{ value: ${value} }`, `{ versions: [{ value: ${value} }] }`])
      t.match(
        parseEmulatorData(`vaults: { abc: { secrets: { s: ${form} } } }`),
        { data: { vaults: [{ secrets: [{ versions: [{ value }] }] }] } },
        form,
      )
})

t.test('an empty secret is written as one', async (t) => {
  t.match(parseEmulatorData("vaults: { abc: { secrets: { s: '' } } }"), {
    data: { vaults: [{ secrets: [{ versions: [{ value: '' }] }] }] },
  })
  const parsed = parseEmulatorData('vaults:\n  abc:\n    secrets:\n      s:\n')
  t.match(parsed, { problems: ['vaults.abc.secrets.s: found nothing; accepted: a text'] })
})

t.test('ids and vault names have no case', async (t) => {
  const upper = 'AAAAAAAA-2222-2222-2222-222222222222'
  t.match(
    parseEmulatorData(`{ tenantId: ${upper}, vaults: { Team-A: { readers: [${upper}] } } }`),
    {
      data: {
        tenantId: upper.toLowerCase(),
        vaults: [{ name: 'team-a', readers: [upper.toLowerCase()] }],
      },
    },
  )
})

t.test('all problems are told at once, each with where, what and what else', async (t) => {
  const text = `
tenantId: contoso
tenant: x
identities:
  - clientId: 1
    federatedCredentials: [{ issuer: 'http://evil.example', subjct: a }]
vaults:
  ab: {}
  -abc: {}
  team-a:
    readers: [someone, '*']
    secrets:
      a_b: x
      empty: { }
      both: { value: hunter2, generate: 3 }
      many: { generate: 99999 }
      listed: [hunter2]
      nothing:
      mixed: { value: hunter2, versions: [{ value: hunter2 }] }
      none: { versions: [] }
      twice: { versions: [{ value: a, version: ${'a'.repeat(32)} }, { value: b, version: ${'A'.repeat(32)} }] }
      odd: { value: x, version: latest, enabled: maybe, expires: soon, tags: [a], tagz: {} }
  team-b: { secrets: hunter2 }
  team-c: { secrets: { DB: x, db: y } }
  team-d: hunter2
`
  const parsed = parseEmulatorData(text)
  const problems = 'problems' in parsed ? parsed.problems : []
  const expected = [
    /^there is no key "tenant"; the nearest is "tenantId" \(accepted: tenantId, identities, vaults\)$/,
    /^tenantId: found "contoso"; accepted: a UUID$/,
    /^identities\[0\]\.clientId: found "1"; accepted: a UUID$/,
    /^identities\[0\]\.federatedCredentials\[0\]: there is no key "subjct"; the nearest is "subject"/,
    /^identities\[0\]\.federatedCredentials\[0\]\.subject: found nothing; accepted: a text$/,
    /\.issuer: found "http:\/\/evil\.example"; accepted: a URL with https/,
    /^vaults\.ab: found "ab"; accepted: 3 to 24/,
    /^vaults\.-abc: found "-abc"; accepted: 3 to 24/,
    /^vaults\.team-a\.readers\[0\]: found "someone"; accepted: a client id \(UUID\), or "\*"/,
    /secrets\.a_b: found "a_b"; accepted: 1 to 127 letters/,
    /secrets\.empty: accepted: either "value" or "generate", exactly one/,
    /secrets\.both: accepted: either "value" or "generate", exactly one/,
    /secrets\.many\.generate: found "99999"; accepted: a whole number from 1 to 25600$/,
    /secrets\.listed: found a list; accepted: a text$/,
    /secrets\.nothing: found nothing; accepted: a text$/,
    /secrets\.mixed: value beside "versions"; accepted: in each version$/,
    /secrets\.none\.versions: found an empty list; accepted: one version or more$/,
    /secrets\.twice\.versions: two have the same "version"/,
    /secrets\.odd\.version: found "latest"; accepted: 32 hexadecimal digits$/,
    /secrets\.odd\.enabled: found "maybe"; accepted: true or false$/,
    /secrets\.odd\.expires: found "soon"; accepted: a date such as/,
    /secrets\.odd\.tags: found a list; accepted: a mapping$/,
    /secrets\.odd: there is no key "tagz"; the nearest is "tags"/,
    /^vaults\.team-b\.secrets: found a text; accepted: a mapping$/,
    /^vaults\.team-c\.secrets: "DB" and "db" are the same name/,
    /^vaults\.team-d: found a text; accepted: a mapping with readers/,
  ]
  for (const one of expected)
    t.equal(problems.filter((problem) => one.test(problem)).length, 1, String(one))
  t.equal(problems.length, expected.length)
  t.notMatch(problems.join('\n'), /hunter2/, 'a value is never repeated')
})

t.test('what is no YAML is told by its line, without repeating it', async (t) => {
  const cases: [string, RegExp][] = [
    ['vaults:\n  a: "hunter2', /^line 2: this is not YAML \(MISSING_CHAR\)$/],
    ['a: 1\na: 2', /^line 2: this is not YAML \(DUPLICATE_KEY\)$/],
    ['vaults: *hunter2', /alias/],
    ['- a', /^the file: found a list; accepted: a mapping with tenantId/],
    ['hunter2', /^the file: found a text; accepted: a mapping/],
  ]
  for (const [text, problem] of cases) {
    const parsed = parseEmulatorData(text)
    t.match(parsed, { problems: [problem] }, text)
    t.notMatch(JSON.stringify(parsed), /hunter2/)
  }
})

t.test('a file that unfolds without end is refused', async (t) => {
  const levels = Array.from(
    { length: 12 },
    (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`,
  )
  t.match(parseEmulatorData(['l0: &l0 [x]', ...levels].join('\n')), { problems: [/aliases/] })
})

t.test('names from JavaScript’s own are names like others', async (t) => {
  const parsed = parseEmulatorData('vaults: { constructor: { secrets: { toString: a } } }')
  t.match(parsed, { data: { vaults: [{ name: 'constructor', secrets: [{ name: 'toString' }] }] } })
  t.match(parseEmulatorData('{ __proto__: { tenantId: x } }'), { problems: [/no key "__proto__"/] })
})

t.test('any text gets data or problems', async () => {
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.stringMatching(/^[ a-z:&*{}[\],\n-]*$/),
  )
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseEmulatorData(text)
      return 'data' in parsed || parsed.problems.length > 0
    }),
  )
})
