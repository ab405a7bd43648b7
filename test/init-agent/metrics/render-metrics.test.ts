import t from 'tap'
import { failedStatus, goodStatus } from '../../../delivery/projection/object-status.ts'
import { objectKey, wantedObjects } from '../../../delivery/projection/wanted-objects.ts'
import { figuresAfter, startFigures } from '../../../init-agent/metrics/agent-figures.ts'
import { renderMetrics } from '../../../init-agent/metrics/render-metrics.ts'
import type { ObjectDates } from '../../../keyvault/clients/object-client.ts'
import { AkvError } from '../../../lib/errors/akv-error.ts'
import { version } from '../../../lib/version.ts'
import { agentConfig, objectFile, secretFile } from '../harness/pod.ts'
import { secretAnswer } from '../harness/secret-answer.ts'

const startMs = 1_000_000_000
const seconds = (count: number) => startMs + count * 1000

const fetched = (dates: ObjectDates, value = 'hunter2') => ({
  kind: 'fetched' as const,
  found: [{ ...secretAnswer(value, { version: 'f'.repeat(32) }), ...dates }] as const,
})

/** The lines without comments, and without the prefix that most have. */
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace('akv_injector_agent_', ''))

const keyOf = (name: string) => objectKey(secretFile(name).object)

t.test('after the first fetch, all is well', async (t) => {
  const config = agentConfig({ files: [secretFile('a'), secretFile('b')], refreshSeconds: 300 })
  const figures = startFigures({
    nowMs: startMs,
    goodAtMs: startMs,
    outcomes: new Map([
      [keyOf('a'), fetched({ createdAtMs: 1_000, expiresAtMs: seconds(60) })],
      [keyOf('b'), fetched({ createdAtMs: 2_500 })],
    ]),
  })
  const text = renderMetrics(figures, { config, nowMs: seconds(10), wallMs: seconds(10) })
  t.strictSame(linesOf(text), [
    `akv_injector_build_info{component="agent",version="${version}"} 1`,
    'refresh_interval_seconds 300',
    'refreshes_total 0',
    'switches_total 0',
    'last_success_timestamp_seconds 1000000',
    'staleness_seconds 0',
    'objects{state="current"} 2',
    'objects{state="failing"} 0',
    'object_expiry_timestamp_seconds{vault="team-a",type="secret",name="a"} 1000060',
    'object_created_timestamp_seconds{vault="team-a",type="secret",name="a"} 1',
    'object_created_timestamp_seconds{vault="team-a",type="secret",name="b"} 2.5',
    'series_dropped 0',
  ])
  t.notMatch(text, /hunter2|ffff/, 'neither a value nor a version')
})

const result = {
  statuses: new Map(),
  outcomes: new Map(),
  isWritten: true,
  isChanged: false,
  otherFailures: [],
}
const failing = (code: 'AKV_NETWORK' | 'AKV_FORBIDDEN', goodAtMs: number) =>
  failedStatus(goodStatus(goodAtMs), {
    error: new AkvError(code, 'x'),
    nowMs: startMs,
    intervalMs: 300_000,
  })

t.test('a failure counts once for each refresh and code, and ends with its cause', async (t) => {
  const names = ['a', 'b', 'c']
  const config = agentConfig({ files: names.map((name) => secretFile(name)), refreshSeconds: 300 })
  const objects = wantedObjects(config)
  const show = (figures: typeof start, nowMs: number) =>
    linesOf(renderMetrics(figures, { config, nowMs, wallMs: nowMs })).filter((line) =>
      /^(failures|last_success|staleness|objects|refreshes|switches)/.test(line),
    )
  const start = startFigures({ nowMs: startMs, goodAtMs: startMs })
  const failed = figuresAfter(start, {
    objects,
    result: {
      ...result,
      statuses: new Map([
        [keyOf('a'), failing('AKV_NETWORK', seconds(100))],
        [keyOf('b'), failing('AKV_NETWORK', seconds(50))],
        [keyOf('c'), goodStatus(seconds(300))],
      ]),
      outcomes: new Map(names.map((name) => [keyOf(name), fetched({})])),
      otherFailures: ['AKV_NOTIFY_FAILED'],
      isChanged: true,
    },
    nowMs: seconds(300),
  })
  t.strictSame(show(failed, seconds(350)), [
    'refreshes_total 1',
    'failures_total{code="AKV_NETWORK",vault="team-a"} 1',
    'failures_total{code="AKV_NOTIFY_FAILED"} 1',
    'switches_total 1',
    'last_success_timestamp_seconds 1000000',
    'staleness_seconds 300',
    'objects{state="current"} 1',
    'objects{state="failing"} 2',
  ])
  const backingOff = figuresAfter(failed, {
    objects,
    result: { ...result, statuses: new Map([[keyOf('a'), failing('AKV_NETWORK', seconds(100))]]) },
    nowMs: seconds(600),
  })
  t.match(show(backingOff, seconds(600)), [
    'refreshes_total 2',
    'failures_total{code="AKV_NETWORK",vault="team-a"} 1',
    'failures_total{code="AKV_NOTIFY_FAILED"} 1',
    'switches_total 1',
    'last_success_timestamp_seconds 1000000',
    'staleness_seconds 500',
  ])
  const statuses = new Map(names.map((name) => [keyOf(name), goodStatus(seconds(600))]))
  const unwritten = figuresAfter(failed, {
    objects,
    result: { ...result, statuses, isWritten: false, otherFailures: ['AKV_VOLUME_FULL'] },
    nowMs: seconds(600),
  })
  t.match(show(unwritten, seconds(600)), [
    'refreshes_total 2',
    'failures_total{code="AKV_NETWORK",vault="team-a"} 1',
    'failures_total{code="AKV_NOTIFY_FAILED"} 1',
    'failures_total{code="AKV_VOLUME_FULL"} 1',
    'switches_total 1',
    'last_success_timestamp_seconds 1000000',
    'staleness_seconds 600',
    'objects{state="current"} 3',
    'objects{state="failing"} 0',
  ])
  const recovered = figuresAfter(unwritten, {
    objects,
    result: { ...result, statuses },
    nowMs: seconds(900),
  })
  t.match(show(recovered, seconds(1_000)).slice(-4), [
    'last_success_timestamp_seconds 1000900',
    'staleness_seconds 0',
    'objects{state="current"} 3',
    'objects{state="failing"} 0',
  ])
  t.ok(show(recovered, seconds(1_600)).includes('staleness_seconds 700'), 'a refresh hangs')
})

t.test('at most 50 kinds of failures are shown', async (t) => {
  const config = agentConfig({ files: [secretFile('a')], refreshSeconds: 300 })
  const failures = Array.from({ length: 60 }, (_, i) => {
    return { code: 'AKV_THROTTLED', vault: `team-${i}`, count: 2 } as const
  })
  const figures = { ...startFigures({ nowMs: startMs, goodAtMs: startMs }), failures }
  const lines = linesOf(renderMetrics(figures, { config, nowMs: startMs, wallMs: startMs }))
  const shown = lines.filter((line) => line.startsWith('failures_total'))
  t.equal(shown[0], 'failures_total{code="AKV_THROTTLED",vault="team-0"} 2')
  t.equal(shown.length, 50)
  t.equal(lines.at(-1), 'series_dropped 10')
})

t.test('a failure that has just begun shows as one second', async (t) => {
  const config = agentConfig({ files: [secretFile('a')], refreshSeconds: 300 })
  const start = startFigures({ nowMs: startMs, goodAtMs: startMs })
  const statuses = new Map([[keyOf('a'), failing('AKV_FORBIDDEN', startMs)]])
  const figures = figuresAfter(start, {
    objects: wantedObjects(config),
    result: { ...result, statuses },
    nowMs: startMs,
  })
  t.ok(
    linesOf(renderMetrics(figures, { config, nowMs: startMs, wallMs: startMs })).includes(
      'staleness_seconds 1',
    ),
  )
})

t.test('dates are those of the version in place', async (t) => {
  const config = agentConfig({ files: [secretFile('a')], refreshSeconds: 300 })
  const key = keyOf('a')
  const shown = (figures: typeof start) =>
    /object_created_timestamp_seconds\{.*\} (\d+)/.exec(
      renderMetrics(figures, { config, nowMs: startMs, wallMs: startMs }),
    )?.[1]
  const start = startFigures({
    nowMs: startMs,
    goodAtMs: startMs,
    outcomes: new Map([[key, fetched({ createdAtMs: 1_000 })]]),
  })
  const after = (more: Partial<Parameters<typeof figuresAfter>[1]['result']>) =>
    shown(
      figuresAfter(start, {
        objects: wantedObjects(config),
        result: { ...result, ...more },
        nowMs: startMs,
      }),
    )
  const outcomes = new Map([[key, fetched({ createdAtMs: 2_000 })]])
  t.equal(after({ outcomes }), '2')
  t.equal(after({ outcomes, isWritten: false }), '1')
  t.equal(after({ outcomes, statuses: new Map([[key, failing('AKV_NETWORK', 0)]]) }), '1')
  t.equal(after({}), '1', 'it was not requested')
  const error = new AkvError('AKV_OBJECT_NOT_FOUND', 'x')
  t.equal(after({ outcomes: new Map([[key, { kind: 'absent', error }]]) }), undefined)
})

t.test('forms and versions of one object are one series, with the earliest dates', async (t) => {
  const pinned = { ...secretFile('web').object, version: 'a'.repeat(32) }
  const files = [
    objectFile('tls', 'web'),
    objectFile('pfx', 'WEB'),
    { path: 'old', object: pinned },
    objectFile('cert', 'web'),
    objectFile('key', 'web'),
  ]
  const config = agentConfig({ files, refreshSeconds: 300 })
  const outcomes = new Map([
    [objectKey(secretFile('web').object), fetched({ expiresAtMs: 9_000 })],
    [objectKey(pinned), fetched({ expiresAtMs: 5_000 })],
    [objectKey(objectFile('cert', 'web').object), fetched({ expiresAtMs: 9_000 })],
  ])
  const figures = startFigures({ nowMs: startMs, goodAtMs: startMs, outcomes })
  t.strictSame(
    linesOf(renderMetrics(figures, { config, nowMs: startMs, wallMs: startMs })).filter((line) =>
      line.includes('expiry'),
    ),
    [
      'object_expiry_timestamp_seconds{vault="team-a",type="secret",name="web"} 5',
      'object_expiry_timestamp_seconds{vault="team-a",type="certificate",name="web"} 9',
    ],
  )
})

t.test('a pod has at most 200 series: those that expire soonest stay', async (t) => {
  const names = Array.from({ length: 400 }, (_, i) => `s${i}`)
  const config = agentConfig({ files: names.map((name) => secretFile(name)), refreshSeconds: 300 })
  const outcomes = new Map(
    names.map((name, i) => [
      keyOf(name),
      fetched({ createdAtMs: 1, expiresAtMs: (500 - i) * 1e3 }),
    ]),
  )
  const figures = startFigures({ nowMs: startMs, goodAtMs: startMs, outcomes })
  const lines = linesOf(renderMetrics(figures, { config, nowMs: startMs, wallMs: startMs }))
  t.equal(lines.length, 200)
  const expiries = lines.filter((line) => line.startsWith('object_expiry'))
  t.match(expiries[0], 'name="s399"} 101')
  t.equal(lines.at(-1), `series_dropped ${800 - expiries.length}`)
  t.notMatch(lines.join(), 'object_created')

  const few = { ...config, files: config.files.slice(0, 120) }
  const some = linesOf(renderMetrics(figures, { config: few, nowMs: startMs, wallMs: startMs }))
  t.equal(some.length, 200)
  t.equal(some.filter((line) => line.startsWith('object_expiry')).length, 120)
  t.match(
    some.findLast((line) => line.startsWith('object_created')),
    'name="s70"',
  )
})
