import t from 'tap'
import type { Source } from '../../../requests/source/source.ts'
import { accountEntry } from '../../../sync/account/account-entry.ts'
import { createRounds } from '../../../sync/round/round.ts'
import { memoryCluster } from '../harness/memory-cluster.ts'
import { memoryServices } from '../harness/memory-services.ts'
import { annotations } from '../harness/simulation.ts'

/** Requests the Secret `made` of a template. */
function source(): Source {
  const object = { vault: 'team-a', type: 'secret', name: 'text' } as const
  // Each call is charged for the whole text: 1 s together.
  const template = '{{ if lower .text }}{{ end }}'.repeat(200)
  const composition = {
    inputs: [{ kind: 'key', index: 0, key: 'text', decoding: 'None' }],
    template: { data: new Map([['made', template]]), keepsInputs: false },
  } as const
  return {
    ref: { kind: 'ExternalSecret', name: 'made' },
    uid: 'u',
    createdAtMs: 0,
    hints: {},
    claims: ['made'],
    secrets: [{ name: 'made', type: 'Opaque', labels: {}, composition }],
    values: [{ to: { kind: 'input', secret: 'made', index: 0 }, object }],
    problems: [],
  }
}

async function round(json: string) {
  const values = { json, text: 'x'.repeat(25_000) }
  const { cluster } = memoryCluster({ accounts: [] })
  const { services, lines } = memoryServices({ cluster, values })
  const account = {
    namespace: 'team-a',
    name: 'web',
    uid: 'uid-1',
    resourceVersion: '1',
    annotations: annotations('[{ secret: db, data: "k=json#a" }]'),
  }
  const entry = { ...accountEntry(account, true), sources: [source()] }
  await createRounds(services)(entry)
  const codes = [...entry.state.secrets].map(([name, { failing }]) => [name, failing?.code])
  return { codes: Object.fromEntries(codes), lines }
}

t.test('fetching and templates share the budget of a round', async (t) => {
  const { codes } = await round('{"a":"small"}')
  t.strictSame(codes, { db: undefined, made: undefined })

  // Parsing it is charged 1.2 s.
  const costly = await round(JSON.stringify({ a: 'small', b: 'x'.repeat(8_000_000) }))
  t.strictSame(costly.codes, { db: undefined, made: 'AKV_SYNC_VALUES' })
  t.match(
    costly.lines.filter(({ code }) => code === 'AKV_SYNC_VALUES'),
    [{ level: 'warn' }, { level: 'debug', message: /2 s of CPU time/ }],
  )
})
