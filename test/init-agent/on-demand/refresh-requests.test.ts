import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { requestMark } from '../../../delivery/refresh-request.ts'
import { RefreshRequests } from '../../../init-agent/on-demand/refresh-requests.ts'
import {
  awaitRequest,
  readRequestMark,
  requestDelayMs,
} from '../../../init-agent/on-demand/request-file.ts'
import { type Clock, systemClock } from '../../../lib/clock.ts'
import { memoryLog } from '../../support/memory-log.ts'

/** Time that the test lets pass, except that the shortest waits pass by themselves. */
function handClock(random = 0.5) {
  let nowMs = 1_000_000
  const clock: Clock = {
    ...systemClock,
    now: () => nowMs,
    random: () => random,
    async sleep(ms, signal) {
      // Without a free inotify instance, the file is read every 20 s.
      if (ms <= 1_000 || ms === 20_000) await new Promise((resolve) => setImmediate(resolve))
      else
        await new Promise<void>((resolve) => {
          if (signal?.aborted) resolve()
          signal?.addEventListener('abort', () => resolve())
        })
    },
  }
  return {
    clock,
    pass: (ms: number) => {
      nowMs += ms
    },
  }
}

/** The identity volume, as the kubelet writes it: all of it anew, and then one link. */
function identityVolume(t: Test) {
  const root = t.testdir({ identity: {} })
  const at = (name: string) => join(root, 'identity', name)
  let sets = 0
  const write = (text: string) => {
    const set = `..set-${sets++}`
    mkdirSync(at(set))
    writeFileSync(join(at(set), 'refresh-now'), text)
    symlinkSync(set, at('..data_tmp'))
    renameSync(at('..data_tmp'), at('..data'))
    if (sets === 1) symlinkSync('..data/refresh-now', at('refresh-now'))
    else rmSync(at(`..set-${sets - 2}`), { recursive: true })
  }
  return { root, write, remove: () => unlinkSync(at('refresh-now')) }
}

function open(t: Test, { random = 0.5, text = '' } = {}) {
  const volume = identityVolume(t)
  volume.write(text)
  const { clock, pass } = handClock(random)
  const { log, lines } = memoryLog()
  const { root } = volume
  const requests = new RefreshRequests({ root, clock, log })
  const stop = new AbortController()
  const wait = (ms: number) => requests.wait(ms, { clock, signal: stop.signal })
  return { ...volume, requests, wait, pass, lines, clock, stop }
}

t.test('a new text ends a wait, and the refresh is due within 30 seconds', async (t) => {
  for (const [random, dueMs] of [
    [0, 20_000],
    [0.999, 29_970],
  ] as const) {
    const { requests, write, wait, pass, lines } = open(t, { random, text: 'before' })
    pass(10_000)
    const waiting = wait(3_600_000)
    write('now')
    t.equal(await waiting, 0)
    t.equal(requests.dueInMs(), dueMs, 'and not within 30 s of the last one')
    t.match(lines, [{ message: 'a refresh was asked for', inSeconds: Math.ceil(dueMs / 1000) }])
    pass(dueMs)
    t.equal(requests.dueInMs(), 0)
    t.equal(requests.begin(), true)
    t.equal(requests.dueInMs(), Number.POSITIVE_INFINITY)
    t.equal(requests.seen, requestMark('now'))
  }
})

t.test(
  'the text at the start, a text that goes, and the same one again ask for nothing',
  async (t) => {
    const { requests, write, wait, stop, lines } = open(t, { text: 'before' })
    const waiting = wait(3_600_000)
    for (const text of ['before', '', 'before']) write(text)
    await new Promise((resolve) => setTimeout(resolve, 50))
    stop.abort()
    t.equal(await waiting, 3_600_000)
    t.equal(requests.dueInMs(), Number.POSITIVE_INFINITY)
    t.equal(requests.begin(), false)
    t.strictSame(lines, [])
  },
)

t.test('what changes during a refresh, or between two waits, isn’t missed', async (t) => {
  const { requests, write, wait, lines } = open(t)
  write('one')
  t.equal(await wait(3_600_000), 0)
  write('two')
  t.equal(requests.begin(), true, 'the newest text is served')
  t.equal(await wait(0), 0)
  t.equal(lines.length, 1)
  write('three')
  t.equal(await wait(3_600_000), 0)
  t.equal(lines.length, 2)
})

t.test('a regular refresh serves a request that nobody has noticed yet', async (t) => {
  const { requests, write } = open(t)
  write('one')
  t.equal(requests.begin(), true)
  t.equal(requests.begin(), false)
})

t.test('a thousand changes make one refresh in 30 seconds', async (t) => {
  const { requests, write, wait, pass } = open(t, { random: 0 })
  let refreshes = 0
  for (let i = 0; i < 1_000; i++) {
    write(`text ${i}`)
    const due = requests.dueInMs()
    if (due === Number.POSITIVE_INFINITY) t.equal(await wait(3_600_000), 0)
    else if (due === 0 && requests.begin()) refreshes++
    pass(100)
  }
  t.equal(refreshes, 3, 'of 100 seconds')
})

t.test('a text as large as annotations may be is told from another one', async (t) => {
  const large = 'x'.repeat(200_000)
  const { root, requests, write, wait } = open(t, { text: large })
  t.equal(requests.seen, requestMark(large))
  const waiting = wait(3_600_000)
  write(`${large.slice(1)}y`)
  t.equal(await waiting, 0)
  t.equal(readRequestMark(root), requestMark(`${large.slice(1)}y`))
  write('x'.repeat(600_000))
  t.equal(readRequestMark(root), undefined, 'more than the API server allows isn’t read')
  t.equal(requests.begin(), true)
})

t.test('a pod that doesn’t show its annotation waits as before', async (t) => {
  const root = t.testdir({ identity: {} })
  const { clock, pass } = handClock()
  const requests = new RefreshRequests({ root, clock, log: memoryLog().log })
  t.equal(requests.seen, undefined)
  t.equal(await requests.wait(500, { clock, signal: new AbortController().signal }), 500)
  pass(500)
  writeFileSync(join(root, 'identity', 'refresh-now'), 'x')
  t.equal(requests.begin(), false)
})

t.test('a process that takes over goes on with what is due', async (t) => {
  const { root, write } = identityVolume(t)
  write('now')
  const { clock, pass } = handClock()
  const resumed = { seen: requestMark('before'), requestedAfterMs: 5_000 }
  const { log, lines } = memoryLog()
  const requests = new RefreshRequests({ root, clock, log, resumed })
  t.equal(requests.dueInMs(), 5_000)
  t.equal(lines.length, 1)
  pass(5_000)
  t.equal(requests.begin(), true)
  t.equal(requests.seen, requestMark('now'))
  const later = new RefreshRequests({ root, clock, log, resumed: { seen: requestMark('before') } })
  t.equal(await later.wait(3_600_000, { clock, signal: new AbortController().signal }), 0)
})

t.test('without inotify it looks now and then', async (t) => {
  const root = join(t.testdir(), 'absent')
  const { clock } = handClock()
  const slept: number[] = []
  const counting: Pick<Clock, 'sleep'> = {
    async sleep(ms, signal) {
      slept.push(ms)
      if (slept.length === 2) {
        mkdirSync(join(root, 'identity'), { recursive: true })
        writeFileSync(join(root, 'identity', 'refresh-now'), 'now')
      }
      await clock.sleep(1, signal)
    },
  }
  const { signal } = new AbortController()
  t.equal(await awaitRequest(root, { seen: requestMark(''), clock: counting, signal }), true)
  t.strictSame(slept, [20_000, 1_000])
})

t.test('the delay is spread over 30 seconds, and never negative', (t) => {
  const delay = (random: number, refreshedAgoMs: number) =>
    requestDelayMs(1_000_000 - refreshedAgoMs, { now: () => 1_000_000, random: () => random })
  t.equal(delay(0, 3_600_000), 0)
  t.equal(delay(0.5, 3_600_000), 15_000)
  t.equal(delay(0, 0), 30_000)
  t.equal(delay(0.999, 0), 30_000)
  t.end()
})
