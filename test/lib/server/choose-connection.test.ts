import t from 'tap'
import { chooseConnection, type OpenConnection } from '../../../lib/server/choose-connection.ts'

interface Named extends OpenConnection {
  readonly name: string
}

type Row = readonly [
  name: string,
  address: string,
  waitsFor: ReturnType<OpenConnection['waitsFor']>,
  sinceMs: number,
  wasUsed?: boolean,
]

/** The name of the connection that would be closed. */
function chosen(rows: readonly Row[], options: { maxConnections?: number; nowMs?: number } = {}) {
  const holders = new Map<string, { count: number }>()
  const connections = rows.map(([name, address, waitsFor, sinceMs, wasUsed = false]): Named => {
    const holder = holders.get(address) ?? { count: 0 }
    holders.set(address, holder)
    holder.count++
    return { name, holder, waitsFor: () => waitsFor, sinceMs, wasUsed }
  })
  return chooseConnection(connections, { maxConnections: 4, nowMs: 10_000, ...options })?.name
}

t.test('the connection idle longest of the address that holds the most is closed', async (t) => {
  const rows: Row[] = [
    ['the oldest, of an address with one', '10.0.0.1', 'idle', 0],
    ['newer', '10.0.0.2', 'idle', 9_000],
    ['older', '10.0.0.2', 'idle', 8_000],
    ['newest', '10.0.0.2', 'idle', 9_999],
  ]
  t.equal(chosen(rows), 'older')
  t.equal(chosen(rows.toReversed()), 'older', 'in any order')
})

t.test('a connection that waits for an answer is never closed', async (t) => {
  const rows: Row[] = [
    ['waits', '10.0.0.2', 'answer', 0],
    ['waits, too', '10.0.0.2', 'answer', 0],
    ['idle', '10.0.0.1', 'idle', 9_000],
  ]
  t.equal(chosen(rows), 'idle', 'although another address holds more')
  t.equal(chosen(rows.slice(0, 2)), undefined)
})

t.test('a transfer is spared for two seconds while its address has others', async (t) => {
  const transfer = (sinceMs: number): Row[] => [
    ['sends', '10.0.0.2', 'transfer', sinceMs],
    ['idle', '10.0.0.2', 'idle', 9_999],
    ['another address', '10.0.0.1', 'idle', 0],
  ]
  t.equal(chosen(transfer(8_001)), 'idle')
  t.equal(chosen(transfer(8_000)), 'sends')
  const onlyTransfers: Row[] = [
    ['older', '10.0.0.2', 'transfer', 9_500],
    ['newer', '10.0.0.2', 'transfer', 9_600],
    ['another address', '10.0.0.1', 'idle', 0],
  ]
  t.equal(chosen(onlyTransfers), 'older', 'a slow sender does not shut others out')
})

t.test('when no address holds many, the one longest without anything new goes', async (t) => {
  const rows: Row[] = [
    ['API server', '10.0.0.1', 'idle', 9_990],
    ['API server, too', '10.0.0.1', 'transfer', 9_995],
    ['silent', '10.0.0.2', 'idle', 9_000],
    ['half a request', '10.0.0.3', 'transfer', 8_900],
  ]
  t.equal(chosen(rows, { maxConnections: 64 }), 'half a request')
  t.equal(chosen(rows, { maxConnections: 63 }), 'API server', 'two of 63 are many')
})

/** So many connections, each of its own address: the first one has been idle longest. */
const each = (
  name: string,
  count: number,
  [waitsFor, sinceMs, wasUsed = false]: [Row[2], sinceMs: number, wasUsed?: boolean],
): Row[] =>
  Array.from({ length: count }, (_, i) => [
    `${name} ${i}`,
    `${name} ${i}`,
    waitsFor,
    sinceMs + i,
    wasUsed,
  ])
const maxConnections = 64

t.test('callers that use their connections and callers that don’t share the room', async (t) => {
  const rows = (used: number, unused: number): Row[] => [
    ...each('used', used, ['idle', 0, true]),
    ...each('unused', unused, ['idle', 1_000]),
  ]
  t.equal(chosen(rows(2, 63), { maxConnections }), 'unused 0', 'silent callers close their own')
  t.equal(chosen(rows(32, 33), { maxConnections }), 'unused 0')
  t.equal(chosen(rows(33, 32), { maxConnections }), 'used 0', 'new callers keep half of the room')
  t.equal(chosen(rows(64, 1), { maxConnections }), 'used 0')
})

t.test('a connection that waits for an answer takes no room from others', async (t) => {
  const shutOut = [
    ...each('waits', 32, ['answer', 0]),
    ...each('used', 32, ['idle', 1_000, true]),
    ...each('new', 1, ['idle', 9_999]),
  ]
  t.equal(chosen(shutOut, { maxConnections }), 'used 0', 'the new one stays')
  const silent = [
    ...each('waits', 32, ['answer', 0, true]),
    ...each('used', 2, ['idle', 0, true]),
    ...each('unused', 31, ['idle', 1_000]),
  ]
  t.equal(chosen(silent, { maxConnections }), 'unused 0', 'those that are used stay')
})

t.test('an address that has many closes its oldest one, used or not', async (t) => {
  for (const wasUsed of [true, false]) {
    const rows: Row[] = [
      ['oldest', '10.0.0.1', 'idle', 5_000, wasUsed],
      ['older', '10.0.0.1', 'idle', 6_000, !wasUsed],
      ['new', '10.0.0.1', 'idle', 9_999],
      ...each('others', 62, ['idle', 0, !wasUsed]),
    ]
    t.equal(chosen(rows, { maxConnections }), 'oldest', wasUsed ? 'used' : 'unused')
  }
})
