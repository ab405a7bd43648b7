import t from 'tap'
import {
  describeObject,
  parseDescription,
  parseReference,
  referenceKey,
  vaultUrl,
} from '../../keyvault/reference.ts'

const version = '0123456789abcdef0123456789abcdef'

t.test('a reference names a vault, a type, an object and a version', async (t) => {
  const cases: [string, object][] = [
    ['db-password', { vault: 'home', type: 'secret', name: 'db-password' }],
    ['secret/db-password', { vault: 'home', type: 'secret', name: 'db-password' }],
    ['team-b:shared', { vault: 'team-b', type: 'secret', name: 'shared' }],
    ['Team-B : tls / Shared', { vault: 'team-b', type: 'tls', name: 'Shared' }],
    ['cert/web', { vault: 'home', type: 'cert', name: 'web' }],
    ['pfx/web', { vault: 'home', type: 'pfx', name: 'web' }],
    [`key/a@${version.toUpperCase()}`, { vault: 'home', type: 'key', name: 'a', version }],
  ]
  for (const [text, object] of cases)
    t.strictSame(
      parseReference(text, { defaultVault: 'home' }),
      { kind: 'valid', value: { object } },
      text,
    )
})

t.test('a reference may mean a property, and what base64 stands for', async (t) => {
  const object = { vault: 'home', type: 'secret', name: 'app' }
  const cases: [string, object][] = [
    ['app#a.b.0', { object, property: 'a.b.0' }],
    ['app # a:b/c@d#e = f', { object, property: 'a:b/c@d#e = f' }],
    ['app#*', { object, property: '*' }],
    ['app|base64', { object, encoding: 'base64' }],
    ['app#a|b |base64 ', { object, property: 'a|b', encoding: 'base64' }],
  ]
  for (const [text, value] of cases)
    t.strictSame(parseReference(text, { defaultVault: 'home' }), { kind: 'valid', value }, text)
})

t.test('references that one fetch serves have one key, whatever their case', async (t) => {
  const keyOf = (text: string) => {
    const parsed = parseReference(text, { defaultVault: 'home' })
    return parsed.kind === 'valid' ? referenceKey(parsed.value.object) : parsed.problem
  }
  t.equal(keyOf('V-1:Name'), keyOf('v-1:name'))
  t.equal(keyOf('tls/web'), keyOf('secret/web'))
  t.equal(keyOf('pfx/web'), keyOf('web#a.b|base64'))
  const different = ['web', 'key/web', 'cert/web', `web@${version}`, 'v-1:web'].map(keyOf)
  t.equal(new Set(different).size, different.length)
})

t.test('a wrong reference is reported with what is accepted', async (t) => {
  const cases: [string, RegExp][] = [
    ['', /"" isn't a valid object name; accepted: 1 to 127 letters/],
    ['a_b', /"a_b" isn't a valid object name/],
    ['a'.repeat(128), /isn't a valid object name/],
    ['a/b/c', /"a" isn't a valid object type; accepted: secret, key/],
    ['constructor/b', /"constructor" isn't a valid object type/],
    ['x:a', /"x" isn't a valid vault name; accepted: 3 to 24/],
    ['-ab:a', /"-ab" isn't a valid vault name/],
    ['evil.example/:a', /isn't a valid vault name/],
    ['evil.example:a', /"evil.example" isn't a valid vault name/],
    ['a:b:c', /"a" isn't a valid vault name|isn't a valid object name/],
    ['a@', /"" isn't a valid version; accepted: 32 hexadecimal digits/],
    ['a@latest', /"latest" isn't a valid version/],
    ['a#', /after "#" the property is missing/],
    ['a|hex', /"a\|hex": the only suffix accepted is "\|base64"/],
    [
      'cert/a#b',
      /"#" works only with type "secret", but the type is "cert"; remove it, or change the type/,
    ],
    ['tls/a|base64', /"\|base64" works only with type "secret", but the type is "tls"/],
    ['https://evil.example/secrets/a', /expected the name of an object, found a URL/],
  ]
  for (const [text, problem] of cases)
    t.match(parseReference(text, { defaultVault: 'home' }), { problem }, JSON.stringify(text))
})

t.test('a reference without a vault is refused, with where to name one', async (t) => {
  const problem = 'it names no vault, and there is no default vault; write vault:name'
  t.match(parseReference('a'), { problem })
  const howToSetDefault = 'ask the administrator'
  t.match(parseReference('a', { howToSetDefault }), {
    problem: `${problem}, or ask the administrator`,
  })
})

t.test('a vault name only ever fills the hole in the administrator’s URL', async (t) => {
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

t.test('an object is named as people write it', async (t) => {
  const object = { vault: 'team-a', type: 'secret', name: 'Db' } as const
  t.equal(describeObject(object), 'secret team-a:Db')
  t.equal(describeObject({ ...object, version }), `secret team-a:Db@${version}`)
  t.strictSame(parseDescription(describeObject(object)), object)
  t.strictSame(parseDescription(describeObject({ ...object, version })), { ...object, version })
  for (const text of ['', 'secret', 'team-a:Db', 'file team-a:Db', 'secret a:Db', 'secret team-a:'])
    t.equal(parseDescription(text), undefined, text)
  for (const text of ['secret team-a:D b', 'secret team-a:Db@1', 'secret team-a:Db@', ' secret'])
    t.equal(parseDescription(text), undefined, text)
})
