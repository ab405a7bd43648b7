import t from 'tap'
import { objectRevision } from '../../../requests/external-secret/seen-external-secret.ts'
import {
  type Column,
  cell,
  columns,
  rows,
  nowMs as tableMs,
} from '../../requests/schedule/due-table.ts'
import type { ExternalSecrets } from '../../support/api-server/external-secrets.ts'
import { ready, secret, start } from '../harness/external-secret-simulation.ts'
import { vaultData } from '../harness/simulation.ts'

type Row = (typeof rows)[number]

const cases = rows.flatMap((row) =>
  columns.map((column) => ({
    row,
    column,
    name: `${row.state}-${row.when}-${column.id}`,
  })),
)

/** An object of the vault for each case. */
const yaml = vaultData.replace(
  'secrets: { db-password',
  `secrets: { ${cases.map(({ name }) => `${name}: fetched`).join(', ')}, db-password`,
)

const specOf = (name: string, { spec }: Column, { state }: Row) =>
  secret({ ...spec, target: { deletionPolicy: state === 'deleted' ? 'Delete' : 'Retain' } }, name)

/** A Secret that somebody hands over. */
const handedOver = {
  metadata: { annotations: { 'akv-injector.io/adopt': 'true' } } as never,
  data: { password: Buffer.from('kept').toString('base64') },
}

/** The status of an ExternalSecret that was fetched at the row's time, as the operator writes it. */
function statusOf({ last, state }: Row, object: ReturnType<ExternalSecrets['put']>, nowMs: number) {
  if (last === undefined) return {}
  const revision = objectRevision(object.metadata as never)
  const reason = state === 'deleted' ? 'SecretDeleted' : 'SecretSynced'
  return {
    conditions: [{ type: 'Ready', status: 'True', reason, message: 'secret synced' }],
    refreshTime: `${new Date(nowMs + last.atMs - tableMs).toISOString().slice(0, 19)}Z`,
    syncedResourceVersion: last.isCurrent ? revision : '0-other',
  }
}

t.test('a controller that starts does what the table says, in each case', async (t) => {
  const simulation = await start(t, ['web'], yaml)
  const { externalSecrets, apiServer, clock } = simulation
  for (const { name, row, column } of cases)
    externalSecrets.put('ExternalSecret', { name }, specOf(name, column, row))
  await simulation.round()
  // By now, each Secret exists and is ours. The windows of the table are closed at half past noon.
  const day = 24 * 3_600_000
  simulation.pass(day + ((tableMs - clock.wallTime()) % day) + day)
  for (const { name, row, column } of cases) {
    if (row.state !== 'ours') apiServer.secrets.delete(`team-a/${name}`)
    if (row.state === 'other') apiServer.secrets.create(`team-a/${name}`, handedOver)
    const place = { name }
    const object = externalSecrets.put('ExternalSecret', place, specOf(name, column, row))
    const status = statusOf(row, object, clock.wallTime())
    externalSecrets.put('ExternalSecret', place, specOf(name, column, row), { status })
  }
  simulation.restart()
  simulation.vaultPaths()
  await simulation.round()
  const paths = simulation.vaultPaths()
  for (const { name, row, column } of cases) {
    const action = cell(row, column)
    const isFetched = paths.some(
      (path) => path.includes(`/secrets/${name}/`) || path.endsWith(`/secrets/${name}`),
    )
    t.equal(isFetched, action === 'fetch', `${name}: ${action}`)
    const rests = { ours: 'fetched', other: 'kept', missing: undefined, deleted: undefined }
    const expected = action === 'fetch' ? 'fetched' : rests[row.state]
    t.equal(simulation.values(name)?.['password'], expected, `the value of ${name}`)
    t.match(ready(simulation, name), { status: 'True' }, name)
  }
  simulation.vaultPaths()
  simulation.writes()
  await simulation.round()
  t.strictSame([simulation.vaultPaths(), simulation.writes()], [[], []], 'and then nothing is due')
})
