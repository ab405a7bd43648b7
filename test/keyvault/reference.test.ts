import t from 'tap'
import {
  describeObject,
  parseReference,
  referenceKey,
  shorten,
  vaultUrl,
} from '../../keyvault/reference.ts'

const version = '0123456789abcdef0123456789abcdef'

t.test('a reference names a vault, a type, an object and a version', async (t) => {
  const cases: [string, object][] = [
    ['db-password', { vault: 'home', type: 'secret', name: 'db-password' }],
    ['secret/db-password', { vault: 'home', type: 'secret', name: 'db-password' }],
    ['team-b:shared', { vault: 'team-b', type: 'secret', name: 'shared' }],
    ['Team-B : secret / Shared', { vault: 'team-b', type: 'secret', name: 'Shared' }],
    [`a@${version.toUpperCase()}`, { vault: 'home', type: 'secret', name: 'a', version }],
  ]
  for (const [text, value] of cases) t.strictSame(parseReference(text, 'home'), { value }, text)
})

t.test('names that differ only in case are one object', async (t) => {
  const parsed = ['V-1:Name', 'v-1:name'].map((text) => parseReference(text))
  const keys = parsed.map((one) => 'value' in one && referenceKey(one.value))
  t.strictSame(keys, ['v-1:secret/name', 'v-1:secret/name'])
})

t.test('what is wrong is said, with what is accepted', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /"" is no object name: 1 to 127 letters/],
    ['a_b', /"a_b" is no object name/],
    ['a'.repeat(128), /is no object name/],
    ['a/b/c', /"a" is no object type; accepted: secret, key/],
    ['constructor/b', /"constructor" is no object type/],
    ['cert/web', /type "cert" is not available yet; only "secret" is/],
    ['x:a', /"x" is no vault name: 3 to 24/],
    ['-ab:a', /"-ab" is no vault name/],
    ['evil.example/:a', /is no vault name/],
    ['evil.example:a', /"evil.example" is no vault name/],
    ['a:b:c', /"a" is no vault name|is no object name/],
    ['a@', /"" is no version: 32 hexadecimal digits/],
    ['a@latest', /"latest" is no version/],
    ['a#b.c', /"#b.c": picking a property is not available yet/],
    ['a|base64', /"\|base64" is not available yet/],
    ['a|hex', /"\|hex" is unknown; the one suffix there is is "\|base64"/],
    ['https://evil.example/secrets/a', /is no object type|is no vault name/],
  ]
  for (const [text, problem] of cases)
    t.match(parseReference(text, 'home'), { problem }, JSON.stringify(text))
})

t.test('without a vault anywhere, it says where to name one', async (t) => {
  t.match(parseReference('a'), { problem: /write vault:name, or set .*akv-injector.io\/vault/ })
})

t.test('a vault name only ever fills the hole in the operator’s URL', async (t) => {
  t.equal(vaultUrl('https://{vault}.vault.azure.net', 'Team-A'), 'https://team-a.vault.azure.net')
  t.equal(vaultUrl('https://localhost:8444/{vault}', 'team-a'), 'https://localhost:8444/team-a')
  for (const name of [
    'evil.example/',
    'a@b.example',
    '..',
    '',
    'a#b',
    'a?b',
    '$&$&',
    'é'.repeat(4),
  ])
    t.throws(() => vaultUrl('https://{vault}.vault.azure.net', name), /not a vault name/, name)
})

t.test('what is repeated to people is short and printable', async (t) => {
  t.equal(shorten('a\n"b"\0'), 'a\\n\\"b\\"\\u0000')
  t.equal(shorten('x'.repeat(200)).length, 81)
  t.equal(shorten('\ud83d'), '�')
})

t.test('an object is named as people write it', async (t) => {
  const object = { vault: 'team-a', type: 'secret', name: 'Db' } as const
  t.equal(describeObject(object), 'secret team-a:Db')
  t.equal(describeObject({ ...object, version }), `secret team-a:Db@${version}`)
})
