import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { AgentState } from '../../../delivery/agent-state.ts'
import { openVersionsRecord } from '../../../init-agent/volume/versions-record.ts'
import { killAtEveryCall } from '../../support/kill/kill-at-every-call.ts'
import { runWithFiles } from '../../support/kill/run-with-files.ts'
import { cannotMount, makeReadOnly, makeTmpfs } from '../harness/tmpfs.ts'

const at = '2026-11-29T10:00:00.000Z'
const version = (i: number) => i.toString(16).padStart(32, '0')
const stateOf = (i: number, count = 1): AgentState => ({
  agent: '0.1.0',
  at,
  objects: Array.from({ length: count }, (_, n) => ({
    object: `secret team-a:a${n}`,
    versions: [version(i)],
    since: at,
  })),
})

/** @param sets - of the volumes, which may change */
const open = (folder: string, sets: { readonly now: readonly string[] } = { now: ['..one'] }) =>
  openVersionsRecord(folder, () => sets.now)

t.test('a record is read as it was written, also if the state takes several lines', async (t) => {
  const folder = t.testdir()
  t.equal(open(folder).read(), undefined)
  for (const [i, count] of [1, 500, 0, 2].entries()) {
    open(folder).write({ state: stateOf(i, count), lines: i })
    t.strictSame(open(folder).read(), { state: stateOf(i, count), lines: i })
    t.strictSame(readdirSync(folder), ['..versions'])
  }
  t.equal(statSync(join(folder, '..versions')).mode & 0o7777, 0o400)
})

t.test('a record counts for the sets that it was written for only', async (t) => {
  const folder = t.testdir()
  const write = (...now: readonly string[]) =>
    open(folder, { now }).write({ state: stateOf(1), lines: 0 })
  const found = (...now: readonly string[]) => open(folder, { now }).read() !== undefined
  write('..one', '..two')
  t.ok(found('..one', '..two'))
  for (const other of [['..one'], ['..one', '..three'], ['..two', '..one'], ['', ''], []])
    t.notOk(found(...other), `[${other}]`)
})

t.test('the same record isn’t written again', async (t) => {
  const folder = t.testdir()
  open(folder).write({ state: stateOf(1), lines: 0 })
  const { ino } = statSync(join(folder, '..versions'))
  open(folder).write({ state: stateOf(1), lines: 0 })
  t.equal(statSync(join(folder, '..versions')).ino, ino)
})

t.test('what the agent didn’t write counts for nothing', async (t) => {
  const folder = t.testdir()
  const path = join(folder, '..versions')
  const sets = '"sets":["..one"]'
  const contents = [
    '',
    'null',
    '[]',
    '{}',
    `{${sets}}`,
    `{${sets},"lines":0,"state":[]}`,
    `{${sets},"lines":-1,"state":[{"agent":"1","at":"${at}","part":1,"parts":1,"objects":[]}]}`,
    `{${sets},"lines":0,"state":[{"agent":"1","at":"${at}","part":1,"parts":2,"objects":[]}]}`,
    `{${sets},"lines":0,"state":[{"agent":"1","at":"${at}","part":1,"parts":1,"objects":[{"object":"\\u001b"}]}]}`,
    `{${sets},"lines":0,"state":[{"agent":"1","at":"${at}","part":1,"parts":1,"objects":[]}],"x":"${'x'.repeat(2 ** 20)}"}`,
  ]
  for (const content of contents) {
    rmSync(path, { force: true })
    writeFileSync(path, content)
    t.equal(open(folder).read(), undefined, content.slice(0, 80))
    open(folder).write({ state: stateOf(1), lines: 0 })
    t.ok(open(folder).read(), 'it is replaced')
  }
  rmSync(path)
  execFileSync('mkfifo', [path])
  t.equal(open(folder).read(), undefined, 'a pipe')
  rmSync(path)
  symlinkSync('/dev/zero', path)
  t.equal(open(folder).read(), undefined, 'a device')
})

t.test(
  'a record takes a twentieth of its volume at most, and an old one doesn’t stay in its place',
  { skip: cannotMount() },
  async (t) => {
    const folder = makeTmpfs(t, 'size=1m')
    open(folder).write({ state: stateOf(1, 100), lines: 0 })
    t.ok(open(folder).read())
    open(folder).write({ state: stateOf(2, 600), lines: 0 })
    t.equal(open(folder).read(), undefined)
    t.strictSame(readdirSync(folder), [])
  },
)

t.test('there is no record in a full volume, and no error', { skip: cannotMount() }, async (t) => {
  const folder = makeTmpfs(t, 'size=1m')
  open(folder).write({ state: stateOf(1), lines: 0 })
  t.throws(() => writeFileSync(join(folder, 'filler'), Buffer.alloc(2 ** 20)), /ENOSPC/)
  open(folder).write({ state: stateOf(2, 50), lines: 0 })
  t.equal(open(folder).read(), undefined)
  t.strictSame(readdirSync(folder), ['filler'])
  makeReadOnly(folder)
  open(folder).write({ state: stateOf(2), lines: 0 })
  t.equal(open(join(folder, 'absent')).read(), undefined)
  open(join(folder, 'absent')).write({ state: stateOf(2), lines: 0 })
})

t.test('killed at any file call, it leaves the old record, the new one, or none', async (t) => {
  const parent = t.testdir()
  const found = new Set<number | undefined>()
  const calls = await killAtEveryCall(async (kill) => {
    const folder = mkdtempSync(join(parent, 'volume-'))
    const record = open(folder)
    record.write({ state: stateOf(1), lines: 1 })
    await runWithFiles(kill, () => record.write({ state: stateOf(2), lines: 2 }))
    found.add(record.read()?.lines)
    record.write({ state: stateOf(3), lines: 3 })
    t.strictSame(record.read(), { state: stateOf(3), lines: 3 })
    t.strictSame(readdirSync(folder), ['..versions'])
  })
  t.strictSame([...found].sort(), [1, 2])
  t.ok(calls > 8, `killed at ${calls} calls`)
})
