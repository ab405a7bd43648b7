import t from 'tap'
import { inspect } from '../../certs/inspect.ts'
import { issueAuthority, issueLeaf } from '../../certs/issue.ts'
import { authorityName } from '../../certs/names.ts'

const now = new Date('2026-06-01T12:00:00Z')
const dnsName = 'akv-injector-webhook.akv-injector.svc'
const authority = await issueAuthority({ commonName: authorityName, now, lifetimeDays: 730 })
const other = await issueAuthority({ commonName: authorityName, now, lifetimeDays: 730 })
const foreign = await issueAuthority({ commonName: 'somebody else', now, lifetimeDays: 730 })
const issue = (issuer: typeof authority, name = dnsName) =>
  issueLeaf({
    authority: issuer,
    commonName: 'webhook',
    dnsNames: [name],
    ipAddresses: [],
    now,
    lifetimeDays: 30,
  })
const leaf = await issue(authority)
const pair = ({ certificatePem, keyPem }: typeof authority) => ({
  'tls.crt': certificatePem,
  'tls.key': keyPem,
})

t.test('inspection reads the CA, the leaf and the caBundle of a complete install', async (t) => {
  const bundles = [`${other.certificatePem}${foreign.certificatePem}`]
  const seen = inspect({ authority: pair(authority), leaf: pair(leaf), bundles, dnsName })
  t.match(seen.authority, {
    kind: 'usable',
    value: {
      pem: authority.certificatePem,
      notBefore: now.getTime() - 300_000,
      notAfter: Date.parse('2028-05-31T12:00:00Z'),
      isOurs: true,
    },
  })
  t.match(seen.leaf, {
    kind: 'usable',
    value: { notAfter: Date.parse('2026-07-01T12:00:00Z'), signers: { length: 1 } },
  })
  t.match(seen.leaf, { value: { signers: [{ pem: authority.certificatePem }] } })
  t.match(seen.bundle?.inAnyEntry, [{ isOurs: true }, { isOurs: false }])
})

t.test('a leaf’s signer is found in the CA’s Secret, a caBundle or its own Secret', async (t) => {
  const signers = (options: Partial<Parameters<typeof inspect>[0]>) => {
    const seen = inspect({ authority: {}, leaf: pair(leaf), bundles: [''], dnsName, ...options })
    return seen.leaf.kind === 'usable' ? seen.leaf.value.signers.length : seen.leaf
  }
  t.equal(signers({}), 0)
  t.equal(signers({ authority: pair(authority) }), 1)
  t.equal(signers({ bundles: [`x\n${authority.certificatePem.trim()}`] }), 1)
  t.equal(signers({ leaf: { ...pair(leaf), 'ca.crt': authority.certificatePem } }), 1)
  t.equal(signers({ bundles: [other.certificatePem] }), 0, 'the name alone does not make a signer')
})

t.test('a Secret that can’t be used is reported with the reason', async (t) => {
  const wrongName = pair(await issue(authority, 'other.akv-injector.svc'))
  const cases: readonly (readonly [object | undefined, string | undefined, RegExp | undefined])[] =
    [
      [undefined, 'missing', undefined],
      [{}, 'unusable', /is empty/],
      [{ 'tls.crt': '', 'tls.key': '' }, 'unusable', /is empty/],
      [{ other: 'x' }, 'unusable', /is empty/],
      [
        { 'tls.crt': 'garbage', 'tls.key': 'garbage' },
        'unusable',
        /doesn't hold a certificate and its key/,
      ],
      [{ 'tls.crt': leaf.certificatePem }, 'unusable', /doesn't hold a certificate and its key/],
      [{ 'tls.key': leaf.keyPem }, 'unusable', /doesn't hold a certificate and its key/],
      [{ ...pair(leaf), 'tls.key': other.keyPem }, 'unusable', /a key that do not match/],
      [wrongName, 'unusable', /not for akv-injector-webhook.akv-injector.svc/],
    ]
  for (const [texts, kind, reason] of cases) {
    const seen = inspect({ authority: {}, leaf: texts as never, bundles: [''], dnsName })
    t.match(seen.leaf, reason ? { kind, reason } : { kind }, JSON.stringify(texts)?.slice(0, 60))
  }
  for (const [held, reason] of [
    [pair(leaf), /is not a CA issued by this controller/],
    [pair(foreign), /is not a CA issued by this controller/],
    [{ ...pair(authority), 'tls.key': other.keyPem }, /a key that do not match/],
  ] as const)
    t.match(inspect({ authority: held, leaf: {}, bundles: [''], dnsName }).authority, {
      kind: 'unusable',
      reason,
    })
})

t.test('only a caBundle’s CA certificates are read, whatever text surrounds them', async (t) => {
  const count = (bundle: string) =>
    inspect({ authority: {}, leaf: {}, bundles: [bundle], dnsName }).bundle?.inAnyEntry.length
  t.equal(count(''), 0)
  t.equal(count('\u0000\ufffd'), 0)
  t.equal(count(leaf.certificatePem), 0, 'a leaf is no authority')
  t.equal(count('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'), 0)
  t.equal(count(`-----BEGIN CERTIFICATE-----\n${authority.certificatePem}`), 1)
  t.equal(count(authority.certificatePem.replaceAll('\n', '\r\n')), 1)
  t.equal(count(authority.certificatePem + authority.certificatePem), 1)
  t.equal(inspect({ authority: {}, leaf: {}, bundles: undefined, dnsName }).bundle, undefined)
})

t.test('certificates in all entries are distinguished from those in only some', async (t) => {
  const [ours, others] = [authority.certificatePem, other.certificatePem]
  const names = (...bundles: string[]) => {
    const { bundle } = inspect({ authority: {}, leaf: {}, bundles, dnsName })
    return [bundle?.inAnyEntry.length, bundle?.inEveryEntry.length]
  }
  t.strictSame(names(ours, ours), [1, 1])
  t.strictSame(names(ours + others, `${others}\n# by hand\n${ours}`), [2, 2])
  t.strictSame(names(ours + others, ours), [2, 1])
  t.strictSame(names(ours, 'garbage', ''), [1, 0])
})

// If this took quadratic time, the test would run into its file's timeout.
t.test('a caBundle with megabytes of unfinished certificates is read', async (t) => {
  const { bundle } = inspect({
    authority: {},
    leaf: {},
    bundles: ['-----BEGIN CERTIFICATE-----\n'.repeat(400_000)],
    dnsName,
  })
  t.strictSame(bundle?.inAnyEntry, [])
})
