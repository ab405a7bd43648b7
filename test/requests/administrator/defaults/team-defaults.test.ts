import t from 'tap'
import {
  defaultKeys,
  parseTeamDefaults,
  readDefaults,
} from '../../../../requests/administrator/defaults/team-defaults.ts'

const client = '11111111-2222-3333-4444-555555555555'

t.test('each namespace has defaults, as they are written', async (t) => {
  const parsed = parseTeamDefaults(`
shop: { vault: Shop-Prod, refresh: 5m, metrics: 19980, stale-after: 1h }
pay:
  client-id: ${client}
  tenant-id: "${client}"
  agent-requests: cpu=20m,memory=32Mi
  agent-limits: memory=64Mi
empty: {}
absent:
"*": { vault: shared }
`)
  t.equal(parsed.kind, 'valid')
  const found = parsed.kind === 'valid' ? Object.fromEntries(parsed.value) : {}
  t.strictSame(found, {
    shop: { vault: 'Shop-Prod', refresh: '5m', metrics: '19980', 'stale-after': '1h' },
    pay: {
      'client-id': client,
      'tenant-id': client,
      'agent-requests': 'cpu=20m,memory=32Mi',
      'agent-limits': 'memory=64Mi',
    },
    empty: {},
    absent: {},
    '*': { vault: 'shared' },
  })
  t.strictSame(
    [...new Set(Object.values(found).flatMap((texts) => Object.keys(texts)))].sort(),
    defaultKeys,
  )
  t.strictSame(parseTeamDefaults(''), { kind: 'valid', value: new Map() })
})

t.test('every mistake is named with its place', async (t) => {
  const problemsOf = (text: string) => {
    const parsed = parseTeamDefaults(text)
    return parsed.kind === 'invalid' ? parsed.problems.join('\n') : ''
  }
  for (const [text, problem] of [
    ['shop: { refresh: 5 }', /^shop\.refresh: expected a duration/],
    ['shop: { file-mode: "0400" }', /^shop\.file-mode: can't have a default/],
    ['shop: { secrets: db }', /^shop\.secrets: can't have a default/],
    ['shop: { vaullt: kv }', /^shop\.vaullt: can't have a default; .*vault/],
    ['shop: { vault: [kv-a] }', /^shop\.vault: expected text/],
    ['shop: { vault: }', /^shop\.vault: expected text/],
    ['shop: kv', /^shop: expected some of agent-limits/],
    ['Shop: {}', /^Shop: expected the name of a namespace/],
    ['- shop', /^expected namespaces/],
    ['shop: {}\nshop: {}', /isn't valid YAML: line 2/],
    ['a: &x {}\nb: *x', /plain YAML/],
    ['"a\u202eb": {}', /^a\\u\{202e\}b: expected the name/],
    [`shop: { vault: ${'x'.repeat(2000)} }`, /^shop\.vault: expected at most 1024 characters/],
    [`a: ${' '.repeat(1024 * 1024)}`, /at most 1048576/],
    ['a: {}\n'.repeat(60_000), /more than 100000/],
  ] as const)
    t.match(problemsOf(text), problem, text.slice(0, 40))
  t.match(problemsOf('a: { refresh: 5 }\nb: { vault: _ }').split('\n'), [
    /^a\.refresh/,
    /^b\.vault/,
  ])
  const manyOfOne = Array.from({ length: 2000 }, (_, i) => `k${i}: x`).join(', ')
  t.equal(problemsOf(`shop: { ${manyOfOne} }`).split('\n').length, 20)
  t.ok(
    problemsOf(Array.from({ length: 200 }, (_, i) => `n${i}: x`).join('\n')).split('\n').length <=
      20,
  )
})

t.test('of what was stored with a pod, only what is valid counts', async (t) => {
  t.strictSame(
    readDefaults({ vault: 'Kv-A', refresh: 'x', 'file-mode': '0400', 'run-as': '0', metrics: '0' }),
    { vault: 'kv-a', metrics: 0 },
  )
})
