import fc from 'fast-check'
import t from 'tap'
import { parseEmulatorData } from '../../../emulator/data/parse-data.ts'
import { anyCharacter } from '../../support/any-character.ts'
import { yaml } from '../fixture.ts'
import { blocksOf, openssl, opensslBytes } from '../openssl.ts'

const id = '22222222-2222-2222-2222-222222222222'

t.test('the format in the documentation is accepted', async (t) => {
  const parsed = parseEmulatorData(yaml)
  t.match(parsed, {
    value: {
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

t.test('an empty file gives an emulator without vaults', async (t) => {
  for (const text of ['', '# nothing', '{}', 'vaults: {}', 'vaults:'])
    t.match(
      parseEmulatorData(text),
      { value: { identities: { length: 0 }, vaults: { length: 0 } } },
      text,
    )
})

t.test('values that look like numbers or dates stay as written', async (t) => {
  for (const value of ['0644', 'true', 'no', '1e3', '~', 'null', '2026-01-01', '0x1F', '1_000'])
    for (const form of [value, `{ value: ${value} }`, `{ versions: [{ value: ${value} }] }`])
      t.match(
        parseEmulatorData(`vaults: { abc: { secrets: { s: ${form} } } }`),
        { value: { vaults: [{ secrets: [{ versions: [{ value }] }] }] } },
        form,
      )
})

t.test('an empty secret must be written explicitly', async (t) => {
  t.match(parseEmulatorData("vaults: { abc: { secrets: { s: '' } } }"), {
    value: { vaults: [{ secrets: [{ versions: [{ value: '' }] }] }] },
  })
  const parsed = parseEmulatorData('vaults:\n  abc:\n    secrets:\n      s:\n')
  t.match(parsed, { problems: ['vaults.abc.secrets.s: found nothing; accepted: a string'] })
})

t.test('ids and vault names are case-insensitive', async (t) => {
  const upper = 'AAAAAAAA-2222-2222-2222-222222222222'
  t.match(
    parseEmulatorData(`{ tenantId: ${upper}, vaults: { Team-A: { readers: [${upper}] } } }`),
    {
      value: {
        tenantId: upper.toLowerCase(),
        vaults: [{ name: 'team-a', readers: [upper.toLowerCase()] }],
      },
    },
  )
})

t.test(
  'all problems are reported at once, each with its place, the value and what is accepted',
  async (t) => {
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
    const problems = parsed.kind === 'invalid' ? parsed.problems : []
    const expected = [
      /^unknown key "tenant"; did you mean "tenantId"\? \(accepted: tenantId, identities, vaults\)$/,
      /^tenantId: found "contoso"; accepted: a UUID$/,
      /^identities\[0\]\.clientId: found "1"; accepted: a UUID$/,
      /^identities\[0\]\.federatedCredentials\[0\]: unknown key "subjct"; did you mean "subject"/,
      /^identities\[0\]\.federatedCredentials\[0\]\.subject: found nothing; accepted: a string$/,
      /\.issuer: found "http:\/\/evil\.example"; accepted: a URL with https/,
      /^vaults\.ab: found "ab"; accepted: 3 to 24/,
      /^vaults\.-abc: found "-abc"; accepted: 3 to 24/,
      /^vaults\.team-a\.readers\[0\]: found "someone"; accepted: a client ID \(UUID\), or "\*"/,
      /secrets\.a_b: found "a_b"; accepted: 1 to 127 letters/,
      /secrets\.empty: accepted: exactly one of "value" and "generate"/,
      /secrets\.both: accepted: exactly one of "value" and "generate"/,
      /secrets\.many\.generate: found "99999"; accepted: a whole number from 1 to 25600$/,
      /secrets\.listed: found a list; accepted: a string$/,
      /secrets\.nothing: found nothing; accepted: a string$/,
      /secrets\.mixed: found value next to "versions"; accepted: in each version$/,
      /secrets\.none\.versions: found an empty list; accepted: one version or more$/,
      /secrets\.twice\.versions: two versions have the same "version"/,
      /secrets\.odd\.version: found "latest"; accepted: 32 hexadecimal digits$/,
      /secrets\.odd\.enabled: found "maybe"; accepted: true or false$/,
      /secrets\.odd\.expires: found "soon"; accepted: a date such as/,
      /secrets\.odd\.tags: found a list; accepted: a mapping$/,
      /secrets\.odd: unknown key "tagz"; did you mean "tags"/,
      /^vaults\.team-b\.secrets: found a string; accepted: a mapping$/,
      /^vaults\.team-c\.secrets: "DB" and "db" are the same name/,
      /^vaults\.team-d: found a string; accepted: a mapping with readers/,
    ]
    for (const pattern of expected)
      t.equal(problems.filter((problem) => pattern.test(problem)).length, 1, String(pattern))
    t.equal(problems.length, expected.length)
    t.notMatch(problems.join('\n'), /hunter2/, 'a value is never repeated')
  },
)

t.test('keys and certificates are read, with defaults for omitted members', async (t) => {
  const parsed = parseEmulatorData(`
vaults:
  abc:
    keys: { a: {}, b: { type: RSA }, c: { type: oct } }
    certificates:
      web: {}
      chained: { type: RSA-HSM, issuer: { intermediates: 0, root: false }, dnsNames: [] }
`)
  t.match(parsed, {
    value: {
      vaults: [
        {
          keys: [
            { name: 'a', versions: [{ key: { type: 'EC', curve: 'P-256' }, enabled: true }] },
            { name: 'b', versions: [{ key: { type: 'RSA', size: '2048' } }] },
            { name: 'c', versions: [{ key: { type: 'oct' } }] },
          ],
          certificates: [
            {
              name: 'web',
              versions: [
                {
                  contentType: 'application/x-pkcs12',
                  exportable: true,
                  certificate: {
                    subject: 'CN=web',
                    dnsNames: ['web'],
                    key: { type: 'EC', curve: 'P-256' },
                    issuer: 'self',
                    lifetimeDays: 365,
                  },
                },
              ],
            },
            {
              versions: [
                {
                  exportable: false,
                  certificate: {
                    issuer: { intermediates: 0, root: false },
                    dnsNames: { length: 0 },
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  })
})

t.test('problems of keys and certificates are reported without private keys', async (t) => {
  const text = `
vaults:
  abc:
    keys:
      a_b: {}
      nothing:
      kind: { type: DSA }
      size: { type: EC, size: 2048 }
      curve: { type: oct, curve: P-256 }
      small: { type: RSA, size: 1024 }
      pem: { pem: hunter2 }
      plain: hunter2
    certificates:
      oct: { type: oct }
      koblitz: { curve: P-256K }
      hsm: { type: RSA-HSM, exportable: true }
      subject: { subject: hunter, dnsNames: ['a b'] }
      issuer: { issuer: DigiCert }
      chain: { issuer: { intermediates: 9 } }
      pfx: { pfx: hunter2 }
      junk: { pfx: aHVudGVyMg== }
      pem: { pem: hunter2 }
      list: { pem: [hunter2] }
      type: { contentType: text/plain, lifetimeDays: 0 }
      past: { notBefore: 2026-01-02T00:00:00Z, expires: 2026-01-01T00:00:00Z }
      misspelt: { dnsName: x }
`
  const parsed = parseEmulatorData(text)
  const problems = parsed.kind === 'invalid' ? parsed.problems : []
  const expected = [
    /keys\.a_b: found "a_b"; accepted: .* as the name of a key$/,
    /keys\.nothing: found nothing; accepted: a mapping with version, /,
    /keys\.kind\.type: found "DSA"; accepted: RSA, RSA-HSM, EC, EC-HSM, oct, oct-HSM$/,
    /keys\.size\.size: a key of type EC has no such property; leave it out$/,
    /keys\.curve\.curve: a key of type oct has no such property; leave it out$/,
    /keys\.small\.size: found "1024"; accepted: 2048, 3072, 4096$/,
    /keys\.pem\.pem: this is not an RSA or EC key in PEM/,
    /keys\.plain: found a string; accepted: a mapping/,
    /certificates\.oct\.type: found "oct"; accepted: RSA, RSA-HSM, EC, EC-HSM$/,
    /certificates\.koblitz\.curve: found "P-256K"; accepted: P-256, P-384, P-521$/,
    /certificates\.hsm\.exportable: a key of type RSA-HSM can't be exportable; leave it out$/,
    /certificates\.subject\.subject: found "hunter"; accepted: a distinguished name such as/,
    /certificates\.subject\.dnsNames\[0\]: found "a b"; accepted: a DNS name$/,
    /certificates\.issuer\.issuer: found "DigiCert"; accepted: self$/,
    /certificates\.chain\.issuer\.intermediates: found "9"; accepted: a whole number from 0 to 5$/,
    /certificates\.pfx\.pfx: this is not a PKCS#12 file in base64/,
    /certificates\.junk\.pfx: this is not a PKCS#12 file in base64/,
    /certificates\.pem\.pem: this is not PEM/,
    /certificates\.list\.pem: found a list; accepted: PEM/,
    /certificates\.type\.contentType: found "text\/plain"; accepted: application\/x-pkcs12, appl/,
    /certificates\.type\.lifetimeDays: found "0"; accepted: a whole number from 1/,
    /certificates\.past\.expires: must be later than "notBefore"$/,
    /certificates\.misspelt: unknown key "dnsName"; did you mean "dnsNames"/,
  ]
  for (const pattern of expected)
    t.equal(problems.filter((problem) => pattern.test(problem)).length, 1, String(pattern))
  t.equal(problems.length, expected.length, problems.join('\n'))
  t.notMatch(problems.join('\n'), /hunter2/)
})

t.test('a certificate’s name can’t be used by a secret or a key', async (t) => {
  const text =
    'vaults: { abc: { secrets: { WEB: x, ok: y }, keys: { Web: {} }, certificates: { web: {} } } }'
  t.match(parseEmulatorData(text), {
    problems: [
      /^vaults\.abc\.secrets\.WEB: a certificate already has this name/,
      /^vaults\.abc\.keys\.Web: a certificate already has this name/,
    ],
  })
})

t.test('the properties of an imported certificate can’t be set as well', async (t) => {
  const { pem, pfx } = imported()
  const parse = (more: object) =>
    parseEmulatorData(JSON.stringify({ vaults: { abc: { certificates: { web: more } } } }))
  t.match(parse({ pem }), { value: { vaults: [{ certificates: [{ name: 'web' }] }] } })
  t.match(parse({ pfx }), { value: { vaults: [{ certificates: [{ name: 'web' }] }] } })
  t.match(parse({ pem, pfx }), {
    problems: [/web: found both "pfx" and "pem"; accepted: one of them$/],
  })
  t.match(parse({ pfx, type: 'RSA', expires: '2030-01-01' }), {
    problems: [/web: type, expires: the imported certificate determines this; leave it out$/],
  })
  const [key = ''] = blocksOf('PRIVATE KEY', pem)
  const [certificate = ''] = blocksOf('CERTIFICATE', pem)
  const stray = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'])
  const ed25519 = openssl(['genpkey', '-algorithm', 'ED25519'])
  for (const lacking of [key, certificate, stray + certificate, ed25519 + certificate])
    t.match(parse({ pem: lacking }), {
      problems: [/web\.pem: this is not PEM .* its certificate$/],
    })
  const locked = opensslBytes(['pkcs12', '-export', '-passout', 'pass:x'], pem)
  t.match(parse({ pfx: locked.toString('base64') }), { problems: [/with an empty/] })
})

/** Made by openssl. */
function imported() {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
  const pem = openssl(['req', '-x509', ...curve, '-nodes', '-keyout', '-', '-subj', '/CN=a'])
  const pfx = opensslBytes(['pkcs12', '-export', '-passout', 'pass:'], pem).toString('base64')
  return { pem, pfx }
}

t.test('invalid YAML is reported by its line, without its content', async (t) => {
  const cases: [string, RegExp][] = [
    ['vaults:\n  a: "hunter2', /^line 2: invalid YAML \(MISSING_CHAR\)$/],
    ['a: 1\na: 2', /^line 2: invalid YAML \(DUPLICATE_KEY\)$/],
    ['vaults: *hunter2', /alias/],
    ['? '.repeat(300), /^line 1: a list or a mapping can't be a key$/],
    ['- a', /^the file: found a list; accepted: a mapping with tenantId/],
    ['hunter2', /^the file: found a string; accepted: a mapping/],
  ]
  for (const [text, problem] of cases) {
    const parsed = parseEmulatorData(text)
    t.match(parsed, { problems: [problem] }, text)
    t.notMatch(JSON.stringify(parsed), /hunter2/)
  }
})

t.test('a file whose aliases expand endlessly is refused', async (t) => {
  const levels = Array.from(
    { length: 12 },
    (_, n) => `l${n + 1}: &l${n + 1} [${`*l${n},`.repeat(9)}]`,
  )
  t.match(parseEmulatorData(['l0: &l0 [x]', ...levels].join('\n')), { problems: [/aliases/] })
})

t.test('names such as constructor are ordinary names', async (t) => {
  const parsed = parseEmulatorData('vaults: { constructor: { secrets: { toString: a } } }')
  t.match(parsed, { value: { vaults: [{ name: 'constructor', secrets: [{ name: 'toString' }] }] } })
  t.match(parseEmulatorData('{ __proto__: { tenantId: x } }'), {
    problems: [/the key "__proto__" is not accepted/],
  })
})

t.test('every text gives data or problems', async () => {
  const anyText = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.json(),
    fc.stringMatching(/^[ a-z:&*{}[\],\n-]*$/),
  )
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseEmulatorData(text)
      return parsed.kind === 'valid' || parsed.problems.length > 0
    }),
  )
})
