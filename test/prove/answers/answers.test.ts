import t from 'tap'
import type { Fault } from '../../../emulator/faults/faults.ts'
import { systemClock } from '../../../lib/clock.ts'
import { type AnswerRequestId, answerRequests } from '../../../prove/answers/answer-request.ts'
import { startOwnEmulator } from '../../../prove/answers/answer-sources.ts'
import { type AnswerField, answerFields } from '../../../prove/answers/answer-words.ts'
import { type AnswerLine, compareAnswers } from '../../../prove/answers/compare-answers.ts'
import { recordAnswers } from '../../../prove/answers/record-answers.ts'
import { answersText } from '../../../prove/report/answers-text.ts'
import { proofFacts } from '../support/proof-facts.ts'

const requests = answerRequests({ throttles: true })
const clock = systemClock

t.setTimeout(600_000)

async function start() {
  const started = await startOwnEmulator(proofFacts)
  t.teardown(() => started.emulator.close())
  const record = (only: readonly AnswerRequestId[]) =>
    recordAnswers(
      requests.filter(({ id }) => only.includes(id)),
      started.source,
      { clock, abort: new AbortController().signal },
    )
  return { ...started, record }
}
const [one, other] = await Promise.all([start(), start()])

t.test('two emulators answer alike', async (t) => {
  const ids = requests.map(({ id }) => id)
  const [seen, again] = [await one.record(ids), await other.record(ids)]
  const lines = compareAnswers(seen, again)
  t.strictSame(
    lines.filter(({ emulator }) => Object.keys(emulator).length > 0),
    [],
  )
  t.strictSame(answersText(lines), ['answers: 18 recorded. The emulator differs in 0 fields'])
  const ends = lines.map(({ request, seen }) => [
    request,
    ...[seen.status, seen.code, seen['inner-code']].flatMap((words) => words ?? []),
  ])
  t.strictSame(ends, [
    ['discovery', '200'],
    ['token', '200'],
    ['no-credential', '401', 'invalid_client', 'AADSTS70025'],
    ['wrong-tenant', '400', 'invalid_request', 'AADSTS90002'],
    ['refused-token', '401', 'Unauthorized'],
    ['wrong-role', '403', 'Forbidden', 'ForbiddenByRbac'],
    ['secret', '200'],
    ['secret-version', '200'],
    ['secret-versions', '200'],
    ['secret-list', '200'],
    ['certificate', '200'],
    ['certificate-secret', '200'],
    ['key', '200'],
    ['absent', '404', 'SecretNotFound'],
    ['expired', '200'],
    ['disabled', '403', 'Forbidden', 'SecretDisabled'],
    ['soft-deleted', '404', 'SecretNotFound'],
    ['throttled', '429', 'Throttled'],
  ])
  // The report must not lose a word of the emulator's answers.
  const unlisted = lines.filter(({ seen }) => Object.values(seen).flat().includes('other'))
  t.strictSame(unlisted, [])
  t.match(seen.get('refused-token')?.challenge, [
    ...['bearer', 'authorization', 'resource', 'error', 'error_description'],
    'resource-is-audience',
  ])
  t.match(seen.get('certificate')?.dates, ['nbf-10-minutes-before-created', 'updated-is-created'])
  t.match(seen.get('secret-versions')?.order, ['oldest-first'])
  t.match(seen.get('secret-list')?.order, ['by-name'])
  t.match(seen.get('throttled')?.['retry-after'], ['seconds'])
})

const json = (body: object): Fault['action'] => ({ kind: 'malformed', body: JSON.stringify(body) })
const version = (id: string, created: number) => ({
  id: `https://v.vault.azure.net/secrets/versions/${id}`,
  attributes: { enabled: true, created, updated: created },
})

/** A wrong answer for each field, and the request that meets it. */
const mistakes: Readonly<Record<AnswerField, readonly [AnswerRequestId, Fault['action']]>> = {
  status: ['secret', { kind: 'status', status: 503 }],
  code: ['absent', json({ error: { code: 'KeyNotFound', message: '' } })],
  'inner-code': ['wrong-role', { kind: 'forbidden', innerCode: 'AccessDenied' }],
  headers: ['key', { kind: 'redirect', location: 'https://shop.example/' }],
  'retry-after': ['throttled', { kind: 'throttle' }],
  challenge: ['refused-token', { kind: 'challenge', header: 'PoP realm="x"' }],
  keys: ['secret', json({ value: 'x', 'shop.example': { 'correct horse': 1 } })],
  order: ['secret-versions', json({ value: [version('b', 2), version('a', 1)] })],
  dates: ['certificate', json({ attributes: { created: 1, nbf: 1, updated: 2 } })],
}

t.test('a wrong answer is named in each field, and nothing of it is told', async (t) => {
  for (const field of answerFields) {
    const [request, action] = mistakes[field]
    other.emulator.addFault({ match: { service: 'vault' }, action })
    const seen = await other.record([request])
    other.emulator.clearFaults()
    const lines = compareAnswers(seen, await one.record([request]))
    t.ok(Object.hasOwn(lines[0]?.emulator ?? {}, field), field)
    const text = answersText(lines).join('\n')
    t.match(text, `${request} differs in ${field}: Azure has `)
    t.notMatch(text, /shop|horse/)
  }
})

t.test('64 requests at once, and only for ten seconds, ask a vault to throttle', async (t) => {
  const { source, emulator } = other
  const reads = () => emulator.requests.filter(({ path }) => path.includes('/secrets/plain')).length
  const before = reads()
  const { throttle: _, ...neverThrottling } = source
  let looks = 0
  const lines = await recordAnswers(
    requests.filter(({ id }) => id === 'throttled'),
    neverThrottling,
    {
      // It begins, each of those that ask looks once, and then the time is over.
      clock: { ...clock, now: () => (looks++ > 64 ? 10_000 : 0) },
      abort: new AbortController().signal,
    },
  )
  t.strictSame(lines.get('throttled'), { status: ['none'] })
  t.equal(reads() - before, 64)
})

t.test('a vault that nobody reaches has no differences', async (t) => {
  const { record, source } = one
  const nowhere = { ...source.cloud, authorityHost: 'https://localhost:1' }
  const nobody = await recordAnswers(
    requests.filter(({ id }) => id === 'token' || id === 'secret'),
    { ...source, cloud: nowhere },
    { clock, abort: new AbortController().signal },
  )
  const lines = compareAnswers(nobody, await record(['secret', 'token']))
  t.strictSame(
    lines.map(({ seen, emulator }): Pick<AnswerLine, 'seen' | 'emulator'> => ({ seen, emulator })),
    [
      { seen: { status: ['none'] }, emulator: {} },
      { seen: { status: ['none'] }, emulator: {} },
    ],
  )
  t.match(answersText(lines), [
    'answers: 0 recorded. The emulator differs in 0 fields',
    'answers: no answer to token',
    'answers: no answer to secret',
  ])
})
