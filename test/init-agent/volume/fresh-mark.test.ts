import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  lstatSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openFreshMark } from '../../../init-agent/volume/fresh-mark.ts'
import { cannotMount, makeTmpfs } from '../harness/tmpfs.ts'

const boot = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'
const timeAt = (wallMs: number) => ({ wallMs, boot: { id: boot, ms: wallMs / 2 } })

t.test('the mark remembers since when the content is fresh, and changes its name', async (t) => {
  const folder = t.testdir()
  const mark = openFreshMark(folder)
  t.equal(mark.read(), undefined)
  for (const freshness of [
    { freshAt: timeAt(1_000_000), isReady: true },
    { freshAt: timeAt(2_000_500), isReady: true },
    { freshAt: timeAt(2_000_500), isReady: false },
    { freshAt: { wallMs: 3_000_000 }, isReady: false },
    { freshAt: timeAt(4_000_000), isReady: true },
  ]) {
    mark.set(freshness)
    t.strictSame(mark.read(), freshness)
    t.strictSame(readdirSync(folder), [freshness.isReady ? '..fresh' : '..stale'])
  }
})

t.test('everybody may read the mark, whatever the umask', async (t) => {
  const before = process.umask(0o077)
  t.teardown(() => process.umask(before))
  for (const umask of [0, 0o022, 0o077, 0o777]) {
    const folder = t.testdir()
    process.umask(umask)
    openFreshMark(folder).set({ freshAt: timeAt(0), isReady: true })
    t.equal(lstatSync(join(folder, '..fresh')).mode & 0o7777, 0o444)
  }
})

t.test('a folder that isn’t there has no mark, and can’t get one', async (t) => {
  const mark = openFreshMark(join(t.testdir(), 'absent'))
  t.equal(mark.read(), undefined)
  t.throws(() => mark.set({ freshAt: timeAt(0), isReady: true }), /ENOENT/)
})

t.test('older versions read and write the mark’s time of modification only', async (t) => {
  const folder = t.testdir({ '..fresh': '' })
  const fresh = join(folder, '..fresh')
  const mark = openFreshMark(folder)
  chmodSync(fresh, 0o444)
  utimesSync(fresh, 1_000, 1_000)
  t.strictSame(mark.read(), { freshAt: { wallMs: 1_000_000 }, isReady: true }, 'an older mark')

  mark.set({ freshAt: timeAt(2_000_000), isReady: true })
  t.equal(statSync(fresh).mtimeMs, 2_000_000, 'as older versions expect it')
  utimesSync(fresh, 3_000, 3_000)
  t.strictSame(mark.read(), { freshAt: { wallMs: 3_000_000 }, isReady: true }, 'rolled back')
  mark.set({ freshAt: timeAt(4_000_000), isReady: true })
  t.strictSame(mark.read(), { freshAt: timeAt(4_000_000), isReady: true }, 'and upgraded again')
})

t.test('content that the agent didn’t write counts for nothing', async (t) => {
  const folder = t.testdir()
  const fresh = join(folder, '..fresh')
  const contents = [
    'no JSON',
    '{}',
    'null',
    '[]',
    '{"wallMs":"1000000","boot":{"id":"a","ms":1}}',
    '{"wallMs":1000000,"boot":{"id":1,"ms":1}}',
    '{"wallMs":1000000,"boot":{"id":"a"}}',
    '{"wallMs":1000000,"boot":{"id":"a","ms":1e999}}',
    `{"wallMs":1000000,"boot":{"id":"${'a'.repeat(65)}","ms":1}}`,
    `{"wallMs":1000000,"boot":{"id":"a","ms":1}}${' '.repeat(10_000_000)}`,
  ]
  for (const content of contents) {
    writeFileSync(fresh, content)
    utimesSync(fresh, 1_000, 1_000)
    const read = openFreshMark(folder).read()
    t.strictSame(read, { freshAt: { wallMs: 1_000_000 }, isReady: true }, content.slice(0, 60))
  }
  rmSync(fresh)
  execFileSync('mkfifo', [fresh])
  t.match(openFreshMark(folder).read(), { isReady: true, freshAt: { boot: undefined } }, 'a pipe')
  const elsewhere = t.testdir({ target: 'as it was' })
  symlinkSync(join(elsewhere, 'target'), join(folder, '..fresh_tmp'))
  openFreshMark(folder).set({ freshAt: timeAt(2_000_000), isReady: true })
  t.equal(statSync(join(elsewhere, 'target')).size, 9, 'no link is followed')
})

t.test('a full volume has room for the mark', { skip: cannotMount() }, async (t) => {
  const folder = makeTmpfs(t, 'size=16k')
  writeFileSync(join(folder, 'a'), Buffer.alloc(16_384))
  const mark = openFreshMark(folder)
  for (const isReady of [true, false, true]) {
    mark.set({ freshAt: timeAt(1_000_000), isReady })
    t.strictSame(mark.read(), { freshAt: { wallMs: 1_000_000 }, isReady })
  }
})
