import t from 'tap'
import type { AzureNames } from '../../../../command/grants/write-script.ts'
import type { ObjectType } from '../../../../keyvault/reference.ts'
import {
  describeSections,
  isMatch,
} from '../../../../repository/identity/verify/describe-sections.ts'
import { verify } from '../../../../repository/identity/verify/verify.ts'
import { azInMemory } from '../../../support/fake-az/az-in-memory.ts'
import {
  type AzureState,
  emptyAzure,
  type FakeIdentity,
  type FakePolicy,
  principalOf,
} from '../../../support/fake-az/azure-state.ts'
import { builtInRoles } from '../../../support/fake-az/built-in-roles.ts'

const web: FakeIdentity = {
  clientId: '22222222-2222-2222-2222-222222222222',
  name: 'id-web',
  resourceGroup: 'rg-web',
}
const principalId = principalOf(web)
const group = '88888888-8888-8888-8888-888888888888'
const issuer = 'https://oidc.example/cluster/'
const subject = 'system:serviceaccount:shop:web'
const credential = {
  identity: 'id-web',
  name: 'web',
  issuer,
  subject,
  audiences: ['api://AzureADTokenExchange'],
}

const subscription = '/subscriptions/00000000-0000-0000-0000-0000000000aa'
const resourceGroup = `${subscription}/resourceGroups/rg-vaults`
const vaultId = `${resourceGroup}/providers/Microsoft.KeyVault/vaults/team-a`
const managementGroup = '/providers/Microsoft.Management/managementGroups/all'

const roleNamed = (name: string): string =>
  Object.keys(builtInRoles).find((id) => builtInRoles[id]?.name === name) ?? name
const role = (name: string, scope = vaultId, of = principalId) => ({
  role: roleNamed(name),
  scope,
  principalId: of,
})

/** An identity that reads these objects of one vault, such as `key/signing`. */
const reading = (objects: readonly string[], versions?: number) => ({
  clientId: web.clientId,
  grants: [
    {
      namespace: 'shop',
      account: 'web',
      clientId: web.clientId,
      values: objects.map((text) => {
        const [type = '', name = ''] = text.split('/')
        return {
          object: { vault: 'team-a', type: type as ObjectType, name },
          ...(versions !== undefined && { versions }),
        }
      }),
    },
  ],
})

interface Case {
  readonly objects?: readonly string[]
  readonly versions?: number
  readonly azure?: Partial<AzureState>
  readonly names?: Partial<AzureNames>
}

async function linesOf({ objects = ['secret/db'], versions, azure = {}, names = {} }: Case) {
  const state = { ...emptyAzure([web]), credentials: [credential], ...azure }
  const az = azInMemory(state)
  const sections = await verify(
    [reading(objects, versions)],
    { issuers: [{ by: 'options', value: issuer }], grants: 'vault', ...names },
    az,
  )
  const lines = describeSections(sections, { hasMistakes: false })
  return {
    isMatch: isMatch(sections),
    findings: lines.filter((line) => /^ {2}(?!matches)/.test(line)),
    lines,
    az,
  }
}

const assigned = (...assignments: AzureState['assignments']) => ({ assignments })

t.test('the narrowest roles match, and no command changes anything', async (t) => {
  const {
    isMatch: matches,
    lines,
    az,
  } = await linesOf({
    objects: ['secret/db', 'tls/web', 'cert/web', 'key/signing'],
    azure: assigned(role('Key Vault Secrets User'), role('Key Vault Reader')),
  })
  t.ok(matches)
  t.strictSame(lines, [
    `client ${web.clientId} (id-web in rg-web):`,
    '  matches the files',
    `client ${web.clientId}, vault team-a (roles):`,
    '  matches the files',
    'result: Azure has what the files need, and no more',
  ])
  t.strictSame(az.ran, [
    'identity list',
    'identity federated-credential list',
    'keyvault show',
    'role assignment list',
    'role assignment list',
    'role definition show',
    'role definition show',
  ])
})

t.test('verify reports each role that isn’t assigned as missing', async (t) => {
  const { isMatch: matches, findings } = await linesOf({
    objects: ['secret/db', 'pfx/web', 'cert/web', 'key/signing'],
    azure: { credentials: [] },
  })
  t.notOk(matches)
  t.strictSame(findings, [
    `  missing: no federated credential for ${subject} of ${issuer}`,
    '  missing: Key Vault Secrets User on the vault, to read secrets/db, secrets/web',
    '  missing: Key Vault Reader on the vault, to read certificates/web, keys/signing',
  ])
})

t.test('each wider role is a finding that says what it allows', async (t) => {
  const cases: readonly (readonly [object: string, role: string, reason: RegExp])[] = [
    ['key/k', 'Key Vault Crypto User', /keys\/update\/action, keys\/backup\/action, .*, 3 more$/],
    [
      'key/k',
      'Key Vault Crypto Service Encryption User',
      /keys\/wrap\/action, keys\/unwrap\/action$/,
    ],
    ['key/k', 'Key Vault Certificate User', /doesn’t need secrets\/getSecret\/action$/],
    ['cert/c', 'Key Vault Certificate User', /doesn’t need secrets\/getSecret\/action$/],
    ['secret/s', 'Key Vault Certificate User', /certificates\/read, keys\/read$/],
    ['secret/s', 'Key Vault Secrets Officer', /doesn’t need secrets\/\*$/],
    ['secret/s', 'Key Vault Administrator', /doesn’t need \*$/],
  ]
  for (const [object, name, reason] of cases) {
    const { isMatch: matches, findings } = await linesOf({
      objects: [object],
      azure: assigned(role(name)),
    })
    t.notOk(matches, name)
    t.equal(findings.length, 1, name)
    t.match(findings[0], new RegExp(`^ {2}too much: ${name} on the vault: `))
    t.match(findings[0], reason)
  }
})

t.test('a role that allows no more than the narrowest ones together is fine', async (t) => {
  const both = await linesOf({
    objects: ['secret/db', 'cert/web'],
    azure: assigned(role('Key Vault Certificate User')),
  })
  t.ok(both.isMatch)
  const custom = {
    public: {
      name: 'Public certificates',
      dataActions: ['microsoft.keyvault/vaults/CERTIFICATES/read'],
    },
  }
  const id = '99999999-9999-9999-9999-999999999999'
  const narrower = await linesOf({
    objects: ['cert/web'],
    azure: { roles: { [id]: custom.public }, ...assigned(role(id)) },
  })
  t.ok(narrower.isMatch, narrower.lines.join('\n'))
  const except = await linesOf({
    objects: ['cert/web'],
    azure: {
      roles: {
        [id]: {
          name: 'All but secrets',
          dataActions: [
            'Microsoft.KeyVault/vaults/certificates/read',
            'Microsoft.KeyVault/vaults/keys/*',
          ],
          notDataActions: ['Microsoft.KeyVault/vaults/keys/*'],
        },
      },
      ...assigned(role(id)),
    },
  })
  t.ok(except.isMatch, except.lines.join('\n'))
})

t.test('roles that can’t read the vault are fine, unless they can change who does', async (t) => {
  const fine = await linesOf({
    azure: assigned(
      role('Key Vault Secrets User'),
      role('Reader', subscription),
      role('Storage Blob Data Reader', resourceGroup),
    ),
  })
  t.ok(fine.isMatch, fine.lines.join('\n'))
  for (const [name, scope] of [
    ['Owner', subscription],
    ['Key Vault Contributor', vaultId],
  ] as const) {
    const { findings } = await linesOf({
      azure: assigned(role('Key Vault Secrets User'), role(name, scope)),
    })
    t.equal(findings.length, 1)
    t.match(
      findings[0],
      new RegExp(`too much: ${name} on .*: it can change who may read the vault$`),
    )
  }
})

t.test('a role from above counts, and is too much', async (t) => {
  for (const scope of [resourceGroup, subscription, managementGroup]) {
    const { findings } = await linesOf({ azure: assigned(role('Key Vault Secrets User', scope)) })
    t.strictSame(findings, [
      `  too much: Key Vault Secrets User on ${scope}: it holds for other vaults, too`,
    ])
  }
  const other = `${resourceGroup}/providers/Microsoft.KeyVault/vaults/team-a-2`
  const elsewhere = await linesOf({
    azure: assigned(role('Key Vault Secrets User'), role('Key Vault Administrator', other)),
  })
  t.ok(elsewhere.isMatch)
  t.strictSame(elsewhere.findings, [
    '  note: it has roles on vaults that the files don’t read: team-a-2',
  ])
})

t.test('roles of single objects', async (t) => {
  const onObjects = assigned(
    role('Key Vault Secrets User', `${vaultId}/secrets/DB`),
    role('Key Vault Reader', `${vaultId}/keys/signing`),
  )
  const objects = ['secret/db', 'key/signing']
  t.ok((await linesOf({ objects, azure: onObjects })).isMatch, 'narrower than the default')
  t.ok((await linesOf({ objects, azure: onObjects, names: { grants: 'object' } })).isMatch)

  const onVault = assigned(role('Key Vault Secrets User'), role('Key Vault Reader'))
  const wide = await linesOf({ objects, azure: onVault, names: { grants: 'object' } })
  t.strictSame(wide.findings, [
    '  too much: Key Vault Secrets User on the vault: it holds for all objects of the vault',
    '  too much: Key Vault Reader on the vault: it holds for all objects of the vault',
  ])

  const other = await linesOf({
    objects: ['secret/db', 'secret/api-key'],
    names: { grants: 'object' },
    azure: assigned(
      role('Key Vault Secrets User', `${vaultId}/secrets/db`),
      role('Key Vault Secrets User', `${vaultId}/secrets/old`),
    ),
  })
  t.strictSame(other.findings, [
    '  missing: Key Vault Secrets User on each of these objects, to read secrets/api-key',
    '  too much: Key Vault Secrets User on secrets/old: the files don’t read this object',
  ])
})

t.test('roles of a group count, and a condition is never taken for a yes', async (t) => {
  const groups = { [principalId]: [group] }
  const member = await linesOf({
    azure: { groups, ...assigned(role('Key Vault Secrets Officer', vaultId, group)) },
  })
  t.strictSame(member.findings, [
    `  too much: Key Vault Secrets Officer on the vault, through the group ${group}: reading what the files name doesn’t need secrets/*`,
  ])
  const id = '99999999-9999-9999-9999-999999999999'
  const user = builtInRoles[roleNamed('Key Vault Secrets User')]
  for (const azure of [
    assigned({ ...role('Key Vault Secrets User'), condition: '@Resource[x] StringEquals y' }),
    {
      roles: { [id]: { ...user, name: 'Key Vault Secrets User', condition: 'x' } },
      ...assigned(role(id)),
    },
  ]) {
    const { isMatch: matches, findings } = await linesOf({ azure })
    t.notOk(matches)
    t.strictSame(findings, [
      '  missing: Key Vault Secrets User on the vault, to read secrets/db',
      '  not verified: the role Key Vault Secrets User has a condition, which can’t be evaluated',
    ])
  }
})

const vaultWith = (...policies: readonly FakePolicy[]) => ({
  vaults: [{ name: 'team-a', id: vaultId, policies }],
})
const policy = (permissions: FakePolicy['permissions'], objectId = principalId) => ({
  objectId,
  permissions,
})

t.test('access policies are compared in a vault that has them', async (t) => {
  const objects = ['secret/db', 'cert/web', 'key/signing']
  const exact = policy({ secrets: ['Get'], certificates: ['get'], keys: ['get'] })
  const match = await linesOf({ objects, azure: vaultWith(exact) })
  t.ok(match.isMatch, match.lines.join('\n'))
  t.match(match.lines.join('\n'), 'vault team-a (access policies)')

  const history = await linesOf({
    objects: ['secret/db'],
    versions: 3,
    azure: vaultWith(policy({ secrets: ['get'] })),
  })
  t.strictSame(history.findings, ['  missing: access policy with secrets list'])
  const listed = policy({ secrets: ['get', 'list'] })
  t.ok((await linesOf({ versions: 3, azure: vaultWith(listed) })).isMatch)
  t.strictSame((await linesOf({ azure: vaultWith(listed) })).findings, [
    '  too much: its access policy: reading what the files name doesn’t need secrets list',
  ])

  const wide = await linesOf({
    objects,
    azure: vaultWith(
      policy({ secrets: ['all'], keys: ['get', 'decrypt', 'sign'], storage: ['get'] }),
    ),
  })
  t.strictSame(wide.findings, [
    '  missing: access policy with certificates get',
    '  too much: its access policy: reading what the files name doesn’t need secrets all, keys decrypt, keys sign, storage get',
  ])
})

t.test('policies of groups count, and those of others don’t', async (t) => {
  const ofOthers = [
    policy({ secrets: ['all'] }, '99999999-9999-9999-9999-999999999999'),
    { ...policy({ secrets: ['all'] }), applicationId: web.clientId },
  ]
  const azure = vaultWith(policy({ secrets: ['get', 'set'] }, group), ...ofOthers)
  const member = await linesOf({ azure: { ...azure, groups: { [principalId]: [group] } } })
  t.strictSame(member.findings, [
    `  too much: the access policy of the group ${group}: reading what the files name doesn’t need secrets set`,
  ])
  t.strictSame((await linesOf({ azure })).findings, ['  missing: access policy with secrets get'])

  const roles = assigned(role('Key Vault Administrator'), role('Key Vault Contributor'))
  const withRoles = await linesOf({
    azure: { ...vaultWith(policy({ secrets: ['get'] })), ...roles },
  })
  t.strictSame(
    withRoles.findings,
    ['  too much: Key Vault Contributor on the vault: it can change who may read the vault'],
    'a role reads nothing there, but can change the policies',
  )
})

t.test('credentials are compared letter by letter', async (t) => {
  const azure = assigned(role('Key Vault Secrets User'))
  const cases: readonly (readonly [Partial<typeof credential>, RegExp])[] = [
    [{ issuer: issuer.slice(0, -1) }, /; web has .*, which differs in case or in a slash/],
    [{ subject: subject.replace('shop', 'Shop') }, /; web has .*Shop:web .*, which differs/],
    [{ audiences: ['api://other'] }, /; web lacks the audience api:\/\/AzureADTokenExchange$/],
    [{ audiences: [] }, /; web lacks the audience/],
    [{ issuer: 'https://other.example/' }, /of https:\/\/oidc\.example\/cluster\/$/],
  ]
  for (const [change, sentence] of cases) {
    const { isMatch: matches, findings } = await linesOf({
      azure: { ...azure, credentials: [{ ...credential, ...change }] },
    })
    t.notOk(matches)
    t.match(
      findings[0],
      /^ {2}missing: no federated credential for system:serviceaccount:shop:web of/,
    )
    t.match(findings[0], sentence)
  }
  const others = [
    credential,
    { ...credential, name: 'other', subject: 'system:serviceaccount:a:b' },
  ]
  const more = await linesOf({ azure: { ...azure, credentials: others } })
  t.ok(more.isMatch, 'another subject is only information')
  t.strictSame(more.findings, [
    '  note: these federated credentials are for something else: other (system:serviceaccount:a:b)',
  ])
  const { subject: _, ...pattern } = credential
  const flexible = await linesOf({
    azure: { ...azure, credentials: [credential, { ...pattern, name: 'f' }] },
  })
  t.notOk(flexible.isMatch)
  t.match(
    flexible.findings[0],
    'not verified: flexible federated credentials can’t be evaluated: f',
  )
})

t.test('an identity that can’t be found, or is another one, is never a match', async (t) => {
  const azure = { ...assigned(role('Key Vault Secrets User')) }
  const absent = await linesOf({ azure: { ...azure, identities: [] } })
  t.notOk(absent.isMatch)
  t.match(
    absent.findings[0],
    'not verified: az’s subscription has no managed identity with this client ID',
  )
  const other = { ...web, clientId: '33333333-3333-3333-3333-333333333333' }
  const named = await linesOf({
    azure: { ...azure, identities: [other] },
    names: { identityName: 'id-web', resourceGroup: 'rg-web' },
  })
  t.notOk(named.isMatch)
  t.match(named.findings[0], `missing: this identity has the client ID ${other.clientId}`)
})

t.test('200 missing objects are listed briefly', async (t) => {
  const objects = Array.from({ length: 200 }, (_, i) => `secret/s${i}`)
  const { findings } = await linesOf({ objects })
  t.match(
    findings[0],
    /secrets\/s0, secrets\/s1, secrets\/s10, secrets\/s100, secrets\/s101, 195 more$/,
  )
})

t.test('a find needs a role on the whole vault', async (t) => {
  const { needsOf } = await import('../../../../command/grants/vault-needs.ts')
  const grant = { namespace: 'shop', account: 'web', values: [], searched: ['team-b', 'team-b'] }
  t.strictSame(needsOf([grant]), [
    {
      vault: 'team-b',
      objects: [{ collection: 'secrets', name: '*', hasHistory: true, isAll: true }],
    },
  ])
})
