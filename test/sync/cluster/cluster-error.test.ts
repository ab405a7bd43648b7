import t from 'tap'
import type { FailedAnswer } from '../../../kubernetes/answers.ts'
import { clusterError, tokenError, writeError } from '../../../sync/cluster/cluster-error.ts'

const answer = (
  status: number,
  said: object = {},
  headers: Record<string, string> = {},
): FailedAnswer => ({
  status,
  said: said as FailedAnswer['said'],
  header: (name) => headers[name],
})
const what = 'Secret team-a/db'
const causes = (...causes: readonly unknown[]) => ({ details: { causes } })

t.test('an overloaded API server says when to retry', async (t) => {
  for (const errorOf of [clusterError, writeError, tokenError])
    for (const status of [429, 503])
      t.match(errorOf({ answer: answer(status, {}, { 'retry-after': '7' }), what }), {
        code: 'AKV_CLUSTER_UNAVAILABLE',
        retryAfterMs: 7000,
      })
})

t.test('an unreachable API server is reported as such for every request', async (t) => {
  for (const errorOf of [clusterError, writeError, tokenError])
    t.match(errorOf({ answer: undefined, what }), { code: 'AKV_CLUSTER_UNAVAILABLE' })
})

t.test('a conflict names fields and their managers, and no values', async (t) => {
  const conflict = (manager: string, field: string) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with "${manager}" using v1`,
    field,
  })
  t.match(writeError({ answer: answer(409, causes(conflict('argocd', '.data.a.b'))), what }), {
    code: 'AKV_SECRET_CONFLICT',
    message: 'Secret team-a/db: data.a.b belongs to "argocd"',
  })
  const five = ['a', 'b', 'c', 'd', 'e'].map((key) => conflict('x', `.data.${key}`))
  t.match(writeError({ answer: answer(409, causes(...five)), what }), {
    message: /: data\.a belongs to "x", .*data\.c belongs to "x" and 2 more$/,
  })
  const hostile = conflict(`a\n${'x'.repeat(100)}`, `.data.${'y'.repeat(1000)}`)
  const { message } = writeError({ answer: answer(409, causes(hostile)), what })
  t.ok(message.length < 300)
  t.notMatch(message, /\n/)
})

t.test('a Secret that was replaced is read again', async (t) => {
  for (const stale of [
    answer(404),
    answer(409, { message: 'uid mismatch' }),
    answer(422, causes({ reason: 'FieldValueInvalid', field: 'metadata.uid' })),
    // What a test of a JSON patch that fails is answered with.
    answer(422, { details: {} }),
  ])
    t.match(writeError({ answer: stale, what }), { name: 'StaleError' })
})

t.test('a refusal of the values says only for administrators what is wrong', async (t) => {
  const wrong = { reason: 'FieldValueInvalid', field: 'data[.dockerconfigjson]', message: 's3cr3t' }
  for (const [given, detail] of [
    [answer(422, causes(wrong)), 'rejected: data[.dockerconfigjson] (FieldValueInvalid)'],
    [answer(413), 'is too large for the API server'],
  ] as const)
    t.match(writeError({ answer: given, what }), {
      code: 'AKV_SYNC_VALUES',
      message: /^Secret team-a\/db$/,
      detail: `Secret team-a/db: ${detail}`,
    })
})

t.test('a refusal is reported by field and reason', async (t) => {
  const refused = causes(
    { reason: 'FieldValueInvalid', field: 'metadata.labels', message: 's3cr3t' },
    { reason: 's3cr3t s3cr3t', field: 'type', message: 's3cr3t' },
  )
  const { message } = writeError({ answer: answer(422, { ...refused, message: 's3cr3t' }), what })
  t.equal(
    message,
    'Secret team-a/db: rejected: metadata.labels (FieldValueInvalid), type (no reason given)',
  )
  const policy = {
    message: "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: s3cr3t",
  }
  t.match(writeError({ answer: answer(422, policy), what }), {
    code: 'AKV_SECRET_REFUSED',
    message: 'Secret team-a/db: the ValidatingAdmissionPolicy "p" refused it',
  })
})

t.test('a terminating namespace and an exhausted quota are named', async (t) => {
  const ending = causes({ reason: 'NamespaceTerminating', field: 'metadata.namespace' })
  t.match(writeError({ answer: answer(403, ending), what }), {
    code: 'AKV_CLUSTER_FORBIDDEN',
    message: 'Secret team-a/db: its namespace is being deleted',
  })
  const quota = { message: 'secrets "db" is forbidden: exceeded quota: few, requested: secrets=1' }
  t.match(writeError({ answer: answer(403, quota), what }), {
    code: 'AKV_SECRET_REFUSED',
    message: 'Secret team-a/db: the quota "few" is exhausted',
  })
})

t.test('a denying webhook is named, whatever status it chooses', async (t) => {
  const message = 'admission webhook "v.example" denied the request: s3cr3t'
  for (const status of [400, 403, 404, 409, 422, 500])
    t.match(writeError({ answer: answer(status, { message }), what }), {
      code: 'AKV_SECRET_REFUSED',
      message: 'Secret team-a/db: the admission webhook "v.example" refused it',
    })
})

t.test('an invalid Status doesn’t cause an exception', async (t) => {
  for (const said of [
    {},
    { details: null },
    { details: { causes: 'x' } },
    { details: { causes: [null, 1, 'x', {}] } },
    { message: 1 },
  ])
    for (const status of [400, 403, 404, 409, 422, 500])
      for (const errorOf of [clusterError, writeError, tokenError])
        t.ok(errorOf({ answer: answer(status, said), what }) instanceof Error)
})
