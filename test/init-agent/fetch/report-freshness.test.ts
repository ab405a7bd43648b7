import t from 'tap'
import { failedStatus, goodStatus } from '../../../delivery/projection/object-status.ts'
import { reportFreshness } from '../../../init-agent/fetch/report-freshness.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { clockTimes } from '../../support/clock-times.ts'
import { memoryLog } from '../../support/memory-log.ts'
import { agentConfig, secretFile } from '../harness/pod.ts'

const key = (name: string) => `team-a:secrets/${name}`

function bench(names: readonly string[], error = new AkvError('AKV_NETWORK', 'cut')) {
  let nowMs = 1_000_000
  const { log, lines } = memoryLog()
  const clock = { ...clockTimes(() => nowMs), random: () => 0, sleep: async () => undefined }
  const config = agentConfig({ files: names.map((name) => secretFile(name)), refreshSeconds: 60 })
  const report = reportFreshness({ config, clock, log })
  const statuses = new Map(names.map((name) => [key(name), goodStatus(nowMs)]))
  return {
    /** One round in which these objects fail; without any, it passes `seconds` first. */
    round(failing: readonly string[], { seconds = 60, isWritten = true } = {}) {
      nowMs += seconds * 1000
      for (const name of names) {
        const before = statuses.get(key(name)) ?? goodStatus(nowMs)
        const failure = { error, nowMs, intervalMs: 60_000 }
        const isFailing = failing.includes(name)
        statuses.set(key(name), isFailing ? failedStatus(before, failure) : goodStatus(nowMs))
      }
      const before = lines.length
      report({ statuses, isWritten, nextRegularAtMs: nowMs + 60_000 })
      return lines.slice(before).map(({ time, ...line }) => line)
    },
  }
}

t.test('an object that is up to date again is reported, with how long it was stale', async (t) => {
  const { round } = bench(['a', 'b'])
  t.match(round(['a', 'b']), [
    { level: 'warn', count: 2, objects: [{ staleSeconds: 60 }, { staleSeconds: 60 }] },
  ])
  t.match(round(['b']), [
    {
      level: 'info',
      message: 'objects are up to date again',
      objects: [{ object: 'secret team-a:a', staleSeconds: 120 }],
    },
    { level: 'warn', count: 1, objects: [{ object: 'secret team-a:b', code: 'AKV_NETWORK' }] },
  ])
  t.match(round([], { seconds: 30 }), [
    { level: 'info', objects: [{ object: 'secret team-a:b', staleSeconds: 150 }] },
    { level: 'info', message: 'all objects are up to date again', staleSeconds: 150 },
  ])
  t.strictSame(round([]), [], 'and only once')
})

t.test('the line says when each object is tried again', async (t) => {
  const { round } = bench(['a'])
  const tries = ['first', 'second', 'third', 'fourth'].map(() => {
    const [line] = round(['a'])
    const [object] = (line?.['objects'] ?? []) as readonly { readonly retryInSeconds: number }[]
    return object?.retryInSeconds
  })
  const [first = 0] = tries
  // The object skips no refresh, one, three and then seven, but for half an interval.
  t.strictSame(
    tries.map((seconds = 0) => seconds - first),
    [0, 30, 150, 390],
  )
  t.equal(round([]).length, 2, 'and nothing about it once it is up to date')
})

t.test('the next outage is counted from its own beginning', async (t) => {
  const { round } = bench(['a'])
  round(['a'])
  round([])
  round([])
  round(['a'])
  t.match(round([]).at(-1), { message: 'all objects are up to date again', staleSeconds: 120 })
})

t.test('a value that could not be written isn’t up to date', async (t) => {
  const { round } = bench(['a'])
  round(['a'])
  t.strictSame(round([], { isWritten: false }), [])
  t.match(round([]), [{ objects: [{ staleSeconds: 180 }] }, { staleSeconds: 180 }])
})

t.test('a line about very many objects stays short', async (t) => {
  const names = Array.from({ length: 300 }, (_, i) => `secret-with-a-long-name-${i}`)
  const { round } = bench(names)
  round(names)
  const [recovered] = round([])
  t.equal(recovered?.['count'], 300)
  t.ok(JSON.stringify(recovered).length < 16 * 1024)
})

t.test('the line has what Azure calls one of the failed requests', async (t) => {
  const azureIds = { requestId: '10000000-0000-0000-0000-00000000000f' }
  const { round } = bench(['a', 'b'], new AkvError('AKV_NETWORK', 'cut', { azureIds }))
  t.match(round(['a', 'b']), [{ level: 'warn', azureIds }])
})
