import { execFileSync } from 'node:child_process'
import t from 'tap'
import { createBootTime, readBootId, readUptimeMs } from '../../lib/boot-time.ts'

t.test(
  'boot time includes the time that a machine was suspended, and never goes back',
  async (t) => {
    let elapsedMs = 0
    let uptimeMs: number | undefined = 50_000
    let reads = 0
    const now = createBootTime({
      elapsedMs: () => elapsedMs,
      readUptimeMs() {
        reads++
        return uptimeMs
      },
    })
    t.equal(now(), 50_000)
    elapsedMs = 999.5
    t.equal(now(), 50_999.5, 'as precise as the time of the process')
    t.equal(reads, 1)
    uptimeMs = 36_051_000
    elapsedMs = 1_000
    t.equal(now(), 36_051_000, 'ten hours were spent asleep')
    for (const wrong of [0, undefined, 36_051_500]) {
      uptimeMs = wrong
      elapsedMs += 1_000
      t.equal(now(), 36_050_000 + elapsedMs)
    }
    t.equal(reads, 5, 'read at most once a second')
  },
)

t.test('processes of one boot have the same time and the same boot', async (t) => {
  if (readUptimeMs() === undefined) {
    t.pass('this system does not say')
    return
  }
  const file = JSON.stringify(new URL('../../lib/clock.ts', import.meta.url).href)
  const code = `import(${file}).then(({ systemClock: { now, bootId } }) => console.log(now(), bootId()))`
  const beforeMs = readUptimeMs() ?? 0
  const [nowMs, bootId] = execFileSync(process.execPath, ['-e', code], { encoding: 'utf8' })
    .trim()
    .split(' ')
  const afterMs = readUptimeMs() ?? 0
  t.ok(
    beforeMs <= Number(nowMs) && Number(nowMs) <= afterMs + 10,
    `${beforeMs} ${nowMs} ${afterMs}`,
  )
  t.equal(bootId, readBootId() ?? 'undefined')
})
