import t from 'tap'
import { describeSections, isMatch } from '../../../../cli/identity/verify/describe-sections.ts'
import type { AzAnswer } from '../../../../cli/identity/verify/run-az.ts'
import { verify } from '../../../../cli/identity/verify/verify.ts'
import { azInMemory } from '../../../support/fake-az/az-in-memory.ts'
import { type AzureState, emptyAzure, principalOf } from '../../../support/fake-az/azure-state.ts'

const web = {
  clientId: '22222222-2222-2222-2222-222222222222',
  name: 'id-web',
  resourceGroup: 'rg-web',
}
const group = '88888888-8888-8888-8888-888888888888'
const issuer = 'https://oidc.example/cluster/'
const vaultId = (name: string) =>
  `/subscriptions/00000000-0000-0000-0000-0000000000aa/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/${name}`
const secretsUser = '4633458b-17de-408a-b874-0445c86b69e6'

/** Two vaults, one with roles and one with access policies, so that every command is run. */
const azure = (): AzureState => ({
  ...emptyAzure([web]),
  credentials: [
    {
      identity: 'id-web',
      name: 'web',
      issuer,
      subject: 'system:serviceaccount:shop:web',
      audiences: ['api://AzureADTokenExchange'],
    },
  ],
  vaults: [
    { name: 'roles', id: vaultId('roles') },
    {
      name: 'policies',
      id: vaultId('policies'),
      policies: [{ objectId: group, permissions: { secrets: ['get'] } }],
    },
  ],
  assignments: [{ role: secretsUser, scope: vaultId('roles'), principalId: principalOf(web) }],
  groups: { [principalOf(web)]: [group] },
})

const identity = {
  clientId: web.clientId,
  grants: ['roles', 'policies'].map((vault) => ({
    namespace: 'shop',
    account: 'web',
    values: [{ object: { vault, type: 'secret' as const, name: 'db' } }],
  })),
}

async function report(replace?: (command: string, answer: AzAnswer) => AzAnswer) {
  const az = azInMemory(azure(), replace)
  const sections = await verify([identity], { issuers: [issuer], grants: 'vault' }, az)
  const text = describeSections(sections, { hasMistakes: false }).join('\n')
  return { isMatch: isMatch(sections), text, ran: az.ran }
}

const commands = [
  'identity list',
  'identity federated-credential list',
  'keyvault show',
  'role assignment list',
  'role definition show',
  'cloud show',
  'rest',
]

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
  await verify([identity], { issuers: [issuer], grants: 'vault' }, (args) => {
    seen.push([...args])
    return az(args)
  })
  t.match(seen[1], [
    'identity',
    'federated-credential',
    'list',
    '--identity-name=--debug',
    '--resource-group=--output=table',
  ])
})

t.test('roles of many patterns cost little more than others', async (t) => {
  const assignments = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `${i}`,
      scope: vaultId('roles'),
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${String(i % 100).padStart(8, '0')}-0000-0000-0000-000000000000`,
      principalId: group,
    }))
  const patterns = (count: number) => ({
    roleName: 'wide',
    permissions: [
      {
        dataActions: Array.from({ length: count }, (_, i) => `Microsoft.KeyVault/vaults/*a*a*${i}`),
        notDataActions: Array.from({ length: count }, (_, i) => `*a*a*a*b${i}`),
      },
    ],
  })
  const run = async (count: number, role: unknown) => {
    const start = process.cpuUsage()
    const { text, isMatch: matches } = await report((command, answer) => {
      if (command === 'role assignment list') return { kind: 'answered', value: assignments(count) }
      return command === 'role definition show' ? { kind: 'answered', value: role } : answer
    })
    t.notOk(matches)
    return { text, cpu: process.cpuUsage(start).user }
  }
  await run(5000, patterns(1))
  const control = await run(5000, patterns(1))
  const wide = await run(5000, patterns(250))
  t.match(wide.text, /too much: wide on the vault, through the group/)
  t.ok(wide.cpu < control.cpu * 200, `${wide.cpu} µs, ${control.cpu} µs with one pattern`)
  t.match((await run(5001, patterns(1))).text, 'unknown form')
  t.match((await run(1, patterns(251))).text, 'unknown form')
})
