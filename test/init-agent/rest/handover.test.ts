import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { cannotMount, makeTmpfs } from '../harness/tmpfs.ts'

const handover = fileURLToPath(new URL('../../../init-agent/rest/handover.ts', import.meta.url))
const dates = { 'team-a:secrets/a': { createdAtMs: 1, expiresAtMs: 2 }, 'team-a:secrets/b': {} }
const goodAt = { wallMs: 1_000, boot: { id: 'a boot', ms: 500 } }
const latencies = [{ vault: 'team-a', outcome: 'ok', counts: [1, 0], seconds: 0.5 }]
const left = { goodAt, token: { value: 'a token', expiresAtMs: 2_000 }, dates, latencies }

/** Runs the code in a process of its own, because a handover is its standard input. Returns what it prints, as JSON. */
function run(code: string, stdin: number | 'ignore' = 'ignore') {
  const program = `
    import fs from 'node:fs'
    import { leaveHandover, takeHandover } from ${JSON.stringify(handover)}
    console.log(JSON.stringify((${code})() ?? null))`
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { stdio: [stdin, 'pipe', 'pipe'], encoding: 'utf8', env: {} },
  )
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout)
}

t.test('a handover is read once, and no name leads to it', { skip: cannotMount() }, async (t) => {
  const folder = makeTmpfs(t, 'size=128k')
  const code = `() => {
      const isLeft = leaveHandover(${JSON.stringify(folder)}, ${JSON.stringify(left)})
      const { nlink, mode } = fs.fstatSync(0)
      const found = { isLeft, nlink, mode: mode & 0o777, names: fs.readdirSync(${JSON.stringify(folder)}) }
      return { ...found, taken: takeHandover(), again: takeHandover(), stdin: fs.readlinkSync('/proc/self/fd/0') }
    }`
  t.strictSame(run(code), {
    isLeft: true,
    nlink: 0,
    mode: 0o600,
    names: [],
    taken: left,
    stdin: '/dev/null',
  })
  t.strictSame(readdirSync(folder), [])
})

t.test('a later handover replaces one that nobody took', { skip: cannotMount() }, async (t) => {
  const folder = JSON.stringify(makeTmpfs(t, 'size=128k'))
  const code = `() => {
    leaveHandover(${folder}, ${JSON.stringify(left)})
    leaveHandover(${folder}, { goodAt: { wallMs: 5 } })
    return takeHandover()
  }`
  t.strictSame(run(code), { goodAt: { wallMs: 5 } })
})

t.test(
  'versions without boot time read and write the same form',
  { skip: cannotMount() },
  async (t) => {
    const folder = JSON.stringify(makeTmpfs(t, 'size=128k'))
    const written = `() => {
    leaveHandover(${folder}, ${JSON.stringify(left)})
    return JSON.parse(fs.readFileSync(0, 'utf8'))
  }`
    const { token } = left
    t.match(run(written), { goodAtMs: 1_000, token, dates }, 'as an older version expects it')
    const older = `() => {
    leaveHandover(${folder}, ${JSON.stringify(left)})
    fs.ftruncateSync(0)
    fs.writeSync(0, ${JSON.stringify(JSON.stringify({ goodAtMs: 1_000, token, dates }))}, 0)
    return takeHandover()
  }`
    t.strictSame(run(older), { goodAt: { wallMs: 1_000 }, token, dates })
  },
)

t.test('a handover is never written to a disk, a missing folder or a full volume', async (t) => {
  const code = (folder: string) =>
    `() => leaveHandover(${JSON.stringify(folder)}, { goodAt: { wallMs: 1 } })`
  t.equal(run(code('/proc')), false)
  t.equal(run(code('/nowhere')), false)
  if (cannotMount()) return
  const full = makeTmpfs(t, 'size=8k')
  writeFileSync(join(full, 'a'), Buffer.alloc(8192))
  t.equal(run(code(full)), false)
})

t.test('standard input that isn’t a handover is ignored', { skip: cannotMount() }, async (t) => {
  t.equal(run('takeHandover'), null)
  const named = join(t.testdir(), 'named')
  writeFileSync(named, JSON.stringify(left))
  const descriptor = openSync(named, 'r')
  t.equal(run('takeHandover', descriptor), null, 'a file with a name')
  closeSync(descriptor)
  const folder = JSON.stringify(makeTmpfs(t, 'size=2m'))
  for (const wrong of [
    "{ goodAt: { wallMs: 'now' } }",
    '{ goodAt: {}, token: {} }',
    '{ goodAt: { wallMs: 1 }, token: { value: 1, expiresAtMs: 1 } }',
    "{ goodAt: { wallMs: 1 }, more: 'x'.repeat(1_100_000) }",
    "{ goodAt: { wallMs: 1 }, dates: { a: { expiresAtMs: 'never' } } }",
    "{ goodAt: { wallMs: 1 }, latencies: [{ vault: 'a', outcome: 'other', counts: [], seconds: 1 }] }",
    '{ goodAt: { wallMs: 1, boot: { id: 1, ms: 1 } } }',
    "{ goodAt: { wallMs: 1, boot: { id: 'x'.repeat(65), ms: 1 } } }",
    "{ goodAt: { wallMs: 1, boot: { id: 'a', ms: null } } }",
  ]) {
    const code = `() => {
      leaveHandover(${folder}, ${wrong})
      return takeHandover()
    }`
    t.equal(run(code), null, wrong)
  }
})
