import fc from 'fast-check'
import t from 'tap'
import { describeProblem } from '../../../../lib/problems/problem.ts'
import { parseCsiObjects } from '../../../../requests/annotations/objects/read-csi-objects.ts'

/** The files of a list, and what is wrong with it. */
function read(text: string, vault?: string) {
  const { files, problems } = parseCsiObjects(text, { vault })
  return {
    files: files.map(({ file }) => file),
    problems: problems.map(describeProblem),
  }
}

const version = '01234567890123456789012345678901'

t.test('the double-encoded list of a SecretProviderClass is read as it stands', async (t) => {
  const { files, problems } = read(
    `array:
  - |
    objectName: secret1
    objectType: secret        # object types: secret, key or cert
    objectVersion: ""         # empty: the newest
  - |
    objectName: key1
    objectAlias: keys/one.pem
    objectType: key
    objectVersion: ${version}
    filePermission: 0600
  - |
    objectName: web
    objectType: cert
`,
    'home',
  )
  t.strictSame(problems, [])
  t.strictSame(files, [
    {
      object: { vault: 'home', type: 'secret', name: 'secret1' },
      path: 'secret1',
      mode: '0644',
      format: 'pem',
    },
    {
      object: { vault: 'home', type: 'key', name: 'key1', version },
      path: 'keys/one.pem',
      mode: '0600',
    },
    { object: { vault: 'home', type: 'cert', name: 'web' }, path: 'web', mode: '0644' },
  ])
})

t.test('a plain list means the same', async (t) => {
  const { files, problems } = read(
    `- { objectName: web, objectType: secret, objectFormat: PFX, objectEncoding: base64 }
- objectName: old
  objectType: secret
  objectVersionHistory: 3
- objectName: hex
  objectType: Secret
  objectEncoding: HEX
  objectVersion: latest
  objectVersionHistory: 1
`,
    'home',
  )
  t.strictSame(problems, [])
  t.match(files, [
    { path: 'web', encoding: 'base64' },
    { path: 'old', format: 'pem', versions: 3 },
    { path: 'hex', encoding: 'hex' },
  ])
  t.notOk(files[0]?.format, 'a PFX stays one')
  t.notOk(files[2]?.versions, 'a history of one is a plain file')
})

t.test('every scalar is a string, even if YAML would read a number', async (t) => {
  const { files, problems } = read(
    `- objectName: yes
  objectType: secret
  objectVersion: 12345678901234567890123456789012
  filePermission: 0440
- { objectName: 1e5, objectType: secret, objectAlias: 2026-01-01 }
`,
    'home',
  )
  t.strictSame(problems, [])
  t.match(files, [
    { path: 'yes', mode: '0440', object: { version: '12345678901234567890123456789012' } },
    { path: '2026-01-01', object: { name: '1e5' } },
  ])
})

t.test(
  'fields are trimmed, and those without a value count as absent, as to the provider',
  async (t) => {
    const { files, problems } = read(
      `- { objectName: " db ", objectType: "secret ", objectAlias: null, objectVersion: " ", filePermission: ~, objectVersionHistory: }
- { objectName: quoted, objectType: key, objectAlias: "null" }
`,
      'home',
    )
    t.strictSame(problems, [])
    t.match(files, [{ path: 'db', mode: '0644' }, { path: 'null' }])
  },
)

t.test('a zero in front makes a history octal, as in the provider’s YAML', async (t) => {
  const versionsOf = (history: string) =>
    read(`- { objectName: a, objectType: secret, objectVersionHistory: ${history} }`, 'home')
  const cases: readonly [history: string, versions: number | undefined][] = [
    ['010', 8],
    ['0012', 10],
    ['08', 8],
    ['019', 19],
    ['0144', 100],
    ['00', undefined],
    ['01', undefined],
    ['"012"', 10],
  ]
  for (const [history, versions] of cases) {
    const { files, problems } = versionsOf(history)
    t.strictSame([problems, files[0]?.versions], [[], versions], history)
  }
  for (const history of ['0145', '0x10', '0o10', '1_0', '+3', '3.0', '1e1'])
    t.match(versionsOf(history).problems, [/expected a number from 0 to 100/], history)
})

t.test('fields that the provider does not know are ignored in a class', async (t) => {
  const list = `array:
  - |
    objectName: a
    objectType: secret
    objectMode: "0600"
    filePermision: { x: [1] }
  - |
    objectname: b
    objectType: secret
  - |
    objectName: c
    objectType: key
    "": x
`
  const ofClass = parseCsiObjects(list, { vault: 'home', ignoresUnknown: true })
  t.strictSame(
    ofClass.files.map(({ file }) => [file.path, file.mode]),
    [
      ['a', '0644'],
      ['c', '0644'],
    ],
  )
  t.strictSame(ofClass.warnings.map(describeProblem), [
    'item 1, unknown field objectMode has no effect; did you mean objectName?',
    'item 1, unknown field filePermision has no effect; did you mean filePermission?',
    'item 3, unknown field  has no effect; accepted: objectName, objectAlias, objectType, objectVersion, objectVersionHistory, objectFormat, objectEncoding, filePermission',
  ])
  const refused = ['item 2, unknown field objectname; did you mean objectName?']
  t.strictSame(ofClass.problems.map(describeProblem), [...refused, 'item 2, objectName is missing'])
  const annotated = read(list, 'home')
  t.strictSame(annotated.files, [])
  t.equal(annotated.problems.length, 5)
})

t.test('a merge key is never ignored', async (t) => {
  for (const item of [
    '- { objectName: a, objectType: secret, <<: { objectAlias: b } }',
    '- "{ objectName: a, objectType: secret, <<: { objectAlias: b } }"',
    '- { objectName: a, objectType: secret, "<<": { objectAlias: b } }',
  ])
    t.match(parseCsiObjects(item, { vault: 'home', ignoresUnknown: true }), {
      files: { length: 0 },
      problems: [{ sentence: /^has the YAML merge key <<; write the fields out$/ }],
    })
})

t.test('every problem is named with its place in the list', async (t) => {
  const { problems } = read(
    `- { objectName: a_b, objectType: secrets, objectVersion: v1 }
- { objectname: a, objectType: cert, objectFormat: pfx }
- { objectName: a, objectType: key, objectEncoding: base64 }
- { objectName: a, objectType: secret, objectFormat: der, objectEncoding: rot13, filePermission: 999, objectVersionHistory: -1 }
- just text
- { objectName: [a], objectType: secret }
- { objectName: a, objectType: secret, filePermission: "4755" }
- { objectName: a, objectType: cert, objectFormat: pfx, objectEncoding: hex }
- { objectName: a, objectType: cert, objectAlias: ../x }
`,
    'home',
  )
  t.match(problems, [
    /^item 1, objectName "a_b": expected 1 to 127 letters/,
    /^item 1, objectType "secrets": expected secret, key or cert/,
    /^item 1, objectVersion "v1": expected 32 hexadecimal digits/,
    /^item 2, unknown field objectname; did you mean objectName\?/,
    /^item 2, objectName is missing/,
    /^item 2, objectFormat "pfx": accepted for objectType secret only/,
    /^item 3, objectEncoding "base64": accepted for objectType secret only/,
    /^item 4, objectFormat "der": expected pem or pfx/,
    /^item 4, objectEncoding "rot13": expected utf-8 or base64 or hex/,
    /^item 4, filePermission "999": expected 3 or 4 octal digits/,
    /^item 4, objectVersionHistory "-1": expected a number from 0 to 100/,
    /^item 5: expected the fields of an object/,
    /^item 6, objectName: expected a string/,
    /^item 7, filePermission "4755": expected 3 or 4 octal/,
    /^item 8, objectFormat "pfx": accepted for objectType secret only/,
    /^item 8, objectEncoding "hex": accepted for objectType secret only/,
    /^item 9, objectAlias "\.\.\/x": the path must not start with "\.\."/,
  ])
})

t.test('anything but a list is refused with the accepted form', async (t) => {
  for (const text of ['', 'x', 'array: 1', '{}', 'array:', 'null'])
    t.match(read(text, 'home').problems, [/expected the "array:" of a SecretProviderClass/], text)
  t.match(read('- [', 'home').problems, [/this isn't valid YAML/])
  t.match(read('- |\n  a: [x', 'home').problems, [/^item 1: this isn't valid YAML/])
  t.match(read('- {objectName: a_b, objectType: secret}').problems, [
    /set the annotation akv-injector.io\/vault/,
  ])
})

t.test('a tag does not turn text into something else', async (t) => {
  const name = (text: string) => read(`- { objectName: ${text}, objectType: secret }`, 'home')
  for (const tag of ['!!binary', '!!timestamp', '!!int', '!x', '!<tag:yaml.org,2002:float>'])
    t.strictSame(name(`${tag} 20260102`), name('20260102'), tag)
})

t.test('aliases, depth and length of an object list are bounded', async (t) => {
  t.match(read('- &a {objectName: x, objectType: secret}\n- *a', 'home').problems, [
    /isn't plain YAML/,
  ])
  t.match(read('['.repeat(2_900), 'home').problems, [/isn't plain YAML/])
  t.match(read('['.repeat(30_000), 'home').problems, [/more than 3000 lines, brackets/])
  const strings = `- "${'\\n'.repeat(400)}"\n`.repeat(8)
  t.match(read(strings, 'home').problems, [/^the strings of the list have more than 3000/])
  t.match(read(`- ${'x'.repeat(100_000)}`, 'home').problems, [
    /found \d+ characters; accepted: at most/,
  ])
})

t.test('reading stops after a hundred problems', async (t) => {
  t.equal(read(`[${'a,'.repeat(2000)}]`, 'home').problems.length, 100)
  const fields = Array.from({ length: 900 }, (_, i) => `k${i}: v`)
  t.equal(read(`- {${fields.join()}}`, 'home').problems.length, 102)
  const named = `- {objectName: NAME, objectType: secret, ${fields.slice(0, 600).join()}}`
  const both = ['a', 'b'].map((name) => named.replace('NAME', name)).join('\n')
  const { files, warnings } = parseCsiObjects(both, { vault: 'home', ignoresUnknown: true })
  t.equal(files.length, 2)
  t.equal(warnings.length, 100)
})

t.test('any text gets an answer', async (t) => {
  const piece = fc.constantFrom(
    '- ',
    'array:',
    '\n',
    '  ',
    '|',
    '&a',
    '*a',
    '{',
    '}',
    '[',
    ']',
    ': ',
    'objectName',
    'objectType',
    'secret',
    '!!js',
    '<<',
    '"',
    "'",
    '#',
    '\0',
    '? ',
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece).map((pieces) => pieces.join('')),
        fc.string(),
      ),
      (text) => {
        read(text, 'home')
      },
    ),
    { numRuns: 1000 },
  )
  t.pass()
})

t.test('names that every JavaScript object has are not types, fields or choices', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty'])
    t.match(
      read(`- { objectName: a, objectType: ${name}, ${name}: x, objectFormat: ${name} }`, 'home'),
      {
        files: { length: 0 },
        problems: [
          /unknown field .*; accepted: objectName, objectAlias, /,
          `item 1, objectType "${name}": expected secret, key or cert`,
          `item 1, objectFormat "${name}": expected pem or pfx`,
        ],
      },
      name,
    )
})

t.test(
  'problems and warnings together are bounded, however they are spread over the items',
  async (t) => {
    const unknown = (count: number) => Array.from({ length: count }, (_, i) => `u${i}: x`)
    const wrong = ['objectVersion: 1', 'objectFormat: x', 'objectEncoding: y', 'filePermission: z']
    const object = (fields: readonly string[]) =>
      ['- objectName: a', 'objectType: secret', ...fields].join('\n  ')
    for (const ignored of [0, 90, 99, 100]) {
      const text = [unknown(ignored), wrong, unknown(900)].map(object).join('\n')
      const { problems, warnings } = parseCsiObjects(text, { vault: 'home', ignoresUnknown: true })
      t.equal(problems.length, wrong.length)
      t.equal(warnings.length, Math.max(ignored, 100 - wrong.length))
    }
  },
)
