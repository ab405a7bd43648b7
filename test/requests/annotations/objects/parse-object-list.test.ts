import t from 'tap'
import { parseObjectList } from '../../../../requests/annotations/objects/parse-object-list.ts'

const reference = (name: string, vault = 'home') => ({
  reference: { object: { vault, type: 'secret', name } },
})
const read = (list: string) => parseObjectList(list, { defaultVault: 'home' })

t.test(
  'entries are separated by commas and newlines, with blanks and empty entries ignored',
  async (t) => {
    t.strictSame(read(' a ,,\n b = c ?\r\n, v-1 : d ,\n'), {
      entries: [
        { location: 'entry "a"', ...reference('a'), optional: false },
        { location: 'entry "b = c ?"', target: 'b', ...reference('c'), optional: true },
        { location: 'entry "v-1 : d"', ...reference('d', 'v-1'), optional: false },
      ],
      finds: [],
      problems: [],
    })
    t.strictSame(read(''), { entries: [], finds: [], problems: [] })
  },
)

t.test('the first equals sign splits the target from the reference', async (t) => {
  t.match(read('a=b=c'), {
    problems: [{ location: 'entry "a=b=c"', sentence: /"b=c" isn't a valid object name/ }],
  })
  t.match(read('=b'), {
    entries: [{ target: '', ...reference('b') }],
  })
})

t.test('behind the target an equals sign or a question mark is the property’s', async (t) => {
  const { entries } = read('w=app#a=b, x=app#a?b?, y=app#c|base64?')
  t.match(entries, [
    { target: 'w', reference: { property: 'a=b' }, optional: false },
    { target: 'x', reference: { property: 'a?b' }, optional: true },
    { target: 'y', reference: { property: 'c', encoding: 'base64' }, optional: true },
  ])
  t.match(read('db#conn=json').entries, [
    { target: 'db#conn', reference: { object: { name: 'json' } } },
  ])
})

t.test('behind a caret is the password of a key store', async (t) => {
  const { entries, problems } = read(
    'a.p12=pfx/web^pw, v-1:pfx/web^pw?, pfx/web ^ v-2:pw@0123456789abcdef0123456789ABCDEF, x=app#a^b',
  )
  t.strictSame(problems, [])
  const of = (vault: string, more = {}) => ({ vault, type: 'secret', name: 'pw', ...more })
  t.match(entries, [
    { target: 'a.p12', reference: { object: { type: 'pfx', name: 'web' } }, password: of('home') },
    { reference: { object: { vault: 'v-1' } }, password: of('v-1'), optional: true },
    { password: of('v-2', { version: '0123456789abcdef0123456789abcdef' }), optional: false },
    { reference: { property: 'a^b' }, password: undefined },
  ])
  const refused: readonly (readonly [string, RegExp])[] = [
    ['db^pw', /"\^" names the password of a key store, .* type is "secret"; write pfx\/db\^pw/],
    ['tls/web^pw', /the type is "tls"/],
    ['pfx/web^', /the password after "\^": "" isn't a valid object name/],
    ['pfx/web^a_b', /the password after "\^": "a_b" isn't a valid object name/],
    ['pfx/web^pw^pw', /"pw\^pw" isn't a valid object name/],
    ['pfx/web^key/pw', /must be the whole text of a secret/],
    ['pfx/web^pw#a', /must be the whole text of a secret/],
    ['pfx/web^pw|base64', /must be the whole text of a secret/],
    ['a_b^pw', /"a_b" isn't a valid object name/],
  ]
  for (const [entry, sentence] of refused) t.match(read(entry).problems, [{ sentence }], entry)
  t.match(parseObjectList('pfx/web^pw', {}), {
    entries: [{ reference: { object: { name: 'web' } } }],
    problems: [{ sentence: /names no vault/ }],
  })
  t.strictSame(parseObjectList('pfx/web^v-1:pw, v-1:pfx/web^pw', {}).problems.length, 1)
})

t.test('each entry that cannot be read has its sentence, the others are kept', async (t) => {
  const { entries, problems } = read('good, b_d, ??, x:y')
  t.equal(entries.length, 1)
  t.match(problems, [
    { location: 'entry "b_d"' },
    { location: 'entry "??"' },
    { location: 'entry "x:y"', sentence: /"x" isn't a valid vault name/ },
  ])
})

t.test('a name in the style of variables gets the likely entry', async (t) => {
  for (const [entry, likely] of [
    ['DB_PASSWORD', 'DB_PASSWORD=db-password'],
    ['DB_PASSWORD?', 'DB_PASSWORD=db-password?'],
    ['team-a:API_KEY_2', 'API_KEY_2=team-a:api-key-2'],
    ['a_b-c', 'a_b-c=a-b-c'],
  ] as const) {
    const [problem] = read(entry).problems
    t.match(
      problem?.sentence,
      new RegExp(`; for the target [\\w-]+, write ${likely.replace('?', '\\?')}$`),
    )
    t.strictSame(read(likely).problems, [], likely)
  }
  for (const entry of [
    '_a',
    'a_',
    '_',
    'b=A_B',
    'a_b:c',
    'A_B@1',
    'A_B#c',
    '$A_B',
    `A_${'b'.repeat(127)}`,
  ])
    t.notMatch(JSON.stringify(read(entry).problems), 'for the target', entry)
})

t.test('the target of an entry is checked even if its reference is not valid', async (t) => {
  const targetProblem = (target: string) => (target === 'bad' ? 'not this target' : undefined)
  const { problems } = parseObjectList('bad=v:n_1, fine=n_2, bad=n', {
    defaultVault: 'home',
    targetProblem,
  })
  t.match(problems, [
    { sentence: /"v" isn't a valid vault name; .*; "n_1" isn't a valid object name/ },
    { location: 'entry "bad=v:n_1"', sentence: 'not this target' },
    { location: 'entry "fine=n_2"' },
  ])
  t.equal(problems.length, 3, 'whoever takes the others checks theirs')
})

t.test('a list has a bound', async (t) => {
  t.match(read('a,'.repeat(2001)), {
    problems: [{ sentence: /found more than 2000 entries; accepted: at most 2000/ }],
  })
})

t.test('a find names its vault, tags and certificates behind its folder', async (t) => {
  const { finds, entries, problems } = read(
    'shop/ = find:shop-* , all/=find:Team-B:*[team = web][ tier=gold ][certificates]?',
  )
  t.strictSame([entries, problems], [[], []])
  t.strictSame(
    finds.map(({ location: _, ...find }) => find),
    [
      { target: 'shop/', find: { vault: 'home', pattern: 'shop-*' }, optional: false },
      {
        target: 'all/',
        find: {
          vault: 'team-b',
          pattern: '*',
          tags: { team: 'web', tier: 'gold' },
          includesCertificates: true,
        },
        optional: true,
      },
    ],
  )
})

t.test('a vault may be called "find"', async (t) => {
  const { entries, finds } = read('find:db, a=find:db, b/=find:app#*, c/=find:tls/web')
  t.same(finds, [])
  t.strictSame(
    entries.map(({ reference }) => reference.object.vault),
    ['find', 'find', 'find', 'find'],
  )
})

t.test('a mistake in a find says what is accepted', async (t) => {
  for (const [entry, sentence] of [
    ['a/=find:x?y', /"x\?y" isn't a valid pattern; accepted: .* and "\*" for any number/],
    ['a/=find:*[team]', /"\[team\]" isn't valid; accepted: \[TAG=VALUE\], each tag once/],
    ['a/=find:*[t=1][t=2]', /each tag once/],
    ['a/=find:*[__proto__=1]', /isn't valid/],
    ['a/=find:*[t=1', /"\[t=1" isn't expected after the pattern/],
    ['a/=find:x_y:*', /"x_y" isn't a valid vault name/],
    [`a/=find:${'x'.repeat(128)}*`, /isn't a valid pattern/],
    [`a/=find:*${Array.from({ length: 16 }, (_, i) => `[t${i}=1]`).join('')}`, /found 16 tags/],
  ] as const)
    t.match(
      read(entry),
      { entries: { length: 0 }, finds: { length: 0 }, problems: [{ sentence }] },
      entry,
    )
  t.match(parseObjectList('a/=find:*', {}).problems, [
    { sentence: /no default vault; write DIR\/=find:VAULT:PATTERN/ },
  ])
})
