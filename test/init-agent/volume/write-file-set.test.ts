import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readFileSet, sweepFileSets } from '../../../init-agent/volume/read-file-set.ts'
import { prepareFileSet } from '../../../init-agent/volume/write-file-set.ts'
import { list, set, text, write } from '../harness/volume.ts'

t.test('a set is laid out as the kubelet lays out its own', async (t) => {
  const volume = t.testdir({})
  t.equal(write(volume, set({ a: '1', 'b/c/d': '2', 'b/e': '3' })), true)
  t.strictSame(list(volume), ['<set>', '..data -> <set>', 'a -> ..data/a', 'b -> ..data/b'])
  t.equal(text(volume, 'a'), '1')
  t.equal(text(volume, 'b/c/d'), '2')
  t.strictSame(readFileSet(volume)?.files, set({ a: '1', 'b/c/d': '2', 'b/e': '3' }))
})

t.test('an empty set is a set: a startup probe waits for its link', async (t) => {
  const volume = t.testdir({})
  t.equal(write(volume, set({})), true)
  t.strictSame(list(volume), ['<set>', '..data -> <set>'])
  t.equal(write(volume, set({})), false)
})

t.test('a prepared set isn’t visible before it is committed, and can be discarded', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1' }))
  const prepared = prepareFileSet(volume, set({ a: '2', b: '2' }))
  t.equal(text(volume, 'a'), '1')
  prepared.discard()
  t.strictSame(list(volume), ['<set>', '..data -> <set>', 'a -> ..data/a'])
  const other = prepareFileSet(volume, set({ a: '3' }))
  other.commit()
  other.discard()
  t.equal(text(volume, 'a'), '3', 'what readers see is not taken back')
})

t.test('equal content touches nothing', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1', 'b/c': '2' }))
  const before = readlinkSync(join(volume, '..data'))
  const { mtimeNs } = statSync(volume, { bigint: true })
  t.equal(write(volume, set({ 'b/c': '2', a: '1' })), false)
  t.equal(readlinkSync(join(volume, '..data')), before)
  t.equal(statSync(volume, { bigint: true }).mtimeNs, mtimeNs)
})

t.test('a byte, a mode, a path more or less is a change', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1', b: '2' }))
  t.equal(write(volume, set({ a: '1', b: '3' })), true)
  t.equal(write(volume, set({ a: '1', b: '3' }, 0o440)), true)
  t.equal(statSync(join(volume, 'a')).mode & 0o7777, 0o440)
  t.equal(write(volume, set({ a: '1', b: '3', c: '4' }, 0o440)), true)
  t.equal(write(volume, set({ a: '1' }, 0o440)), true)
})

t.test('the previous set stays for its readers until the next refresh', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1', b: '1' }))
  const before = readlinkSync(join(volume, '..data'))
  write(volume, set({ a: '2', b: '2' }))
  t.equal(text(volume, `${before}/b`), '1')
  sweepFileSets(volume)
  t.throws(() => text(volume, `${before}/b`), { code: 'ENOENT' })
  t.equal(text(volume, 'b'), '2')
})

t.test('if a file was removed, the previous set is removed at once', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1', b: '1' }))
  write(volume, set({ a: '1' }))
  t.strictSame(list(volume), ['<set>', '..data -> <set>', 'a -> ..data/a'])
})

t.test('a name may turn from a file into a folder and back', async (t) => {
  const volume = t.testdir({})
  for (const files of [set({ a: '1' }), set({ 'a/b': '2' }), set({ a: '3' })]) write(volume, files)
  t.equal(text(volume, 'a'), '3')
})

t.test('modes are exact, whatever the umask, and folders can be entered', async (t) => {
  const umask = process.umask(0o077)
  t.teardown(() => process.umask(umask))
  const volume = t.testdir({})
  write(volume, set({ 'a/b': '1' }, 0o644))
  t.equal(statSync(join(volume, 'a/b')).mode & 0o7777, 0o644)
  t.equal(statSync(join(volume, 'a')).mode & 0o7777, 0o755)
  t.equal(statSync(join(volume, '..data/')).mode & 0o7777, 0o755)
})

t.test('a setgid volume (fsGroup) hands its group on to all below', async (t) => {
  const volume = t.testdir({})
  chmodSync(volume, 0o2777)
  write(volume, set({ 'a/b/c': '1' }))
  for (const folder of ['..data/', 'a', 'a/b'])
    t.equal(statSync(join(volume, folder)).mode & 0o7777, 0o2755, folder)
})

t.test('leftovers of a killed agent are cleaned up', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1' }))
  const half = join(volume, '..2026_01_01_00_00_00.0123abcd')
  mkdirSync(half)
  writeFileSync(join(half, 'a'), 'half')
  symlinkSync('..nowhere', join(volume, '..data_tmp'))
  symlinkSync('..data/old', join(volume, 'old'))
  t.equal(write(volume, set({ a: '1' })), false)
  t.strictSame(list(volume), ['<set>', '..data -> <set>', 'a -> ..data/a'])
})

t.test('a missing link is made even if the set is current', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1' }))
  rmSync(join(volume, 'a'))
  t.equal(write(volume, set({ a: '1' })), false)
  t.equal(text(volume, 'a'), '1')
})

t.test('files that the agent didn’t write are neither overwritten nor removed', async (t) => {
  const foreign: [string, (path: string) => void][] = [
    ['a', (path) => writeFileSync(path, 'mine')],
    ['a', (path) => mkdirSync(path)],
    ['a', (path) => symlinkSync('/etc/passwd', path)],
    ['a', (path) => symlinkSync('..data/b', path)],
    ['..data', (path) => mkdirSync(path)],
    ['..data', (path) => symlinkSync('/etc', path)],
    ['..data', (path) => symlinkSync('../x', path)],
  ]
  for (const [name, make] of foreign) {
    const volume = t.testdir({ other: 'mine', '..x': { y: 'mine' } })
    make(join(volume, name))
    const before = list(volume)
    t.throws(() => write(volume, set({ a: '1', b: '1' })), {
      code: 'AKV_FILE_IN_THE_WAY',
      message: join(volume, name),
    })
    t.strictSame(list(volume), before)
  }
  const volume = t.testdir({ other: 'mine', '..x': { y: 'mine' } })
  write(volume, set({ a: '1' }))
  t.equal(text(volume, 'other'), 'mine')
  t.equal(text(volume, '..x/y'), 'mine')
})

t.test('no path of a configuration leads out of the volume', async (t) => {
  const outer = t.testdir({ volume: {} })
  for (const path of ['../x', '/tmp/x', '..data/x', 'a/../../x', '..data', 'a\0b'])
    t.throws(() => write(join(outer, 'volume'), set({ [path]: '1' })), {
      code: 'AKV_CONFIG_INVALID',
    })
  t.strictSame(readdirSync(outer), ['volume'])
  t.strictSame(readdirSync(join(outer, 'volume')), [])
})

t.test('a current set that was tampered with is replaced', async (t) => {
  const volume = t.testdir({})
  write(volume, set({ a: '1' }))
  symlinkSync('/etc/passwd', join(volume, '..data/evil'))
  t.equal(readFileSet(volume), undefined)
  t.equal(write(volume, set({ a: '1' })), true)
  t.strictSame(readFileSet(volume)?.files, set({ a: '1' }))
})

t.test('the error names a folder that doesn’t exist', async (t) => {
  const volume = join(t.testdir({}), 'none')
  t.equal(readFileSet(volume), undefined)
  t.throws(() => write(volume, set({ a: '1' })), { code: 'AKV_WRITE_FAILED', message: 'ENOENT' })
})
