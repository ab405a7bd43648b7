import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { cannotMount, makeReadOnly, makeTmpfs } from '../harness/tmpfs.ts'
import { list, set, text, write } from '../harness/volume.ts'

t.test('on a tmpfs', { skip: cannotMount() }, async (t) => {
  t.test('a set over 45 % of the volume is refused before anything is written', async (t) => {
    const volume = makeTmpfs(t, 'size=128k')
    write(volume, set({ a: '1' }))
    t.throws(() => write(volume, set({ a: Buffer.alloc(60 * 1024) })), {
      code: 'AKV_SET_TOO_LARGE',
      message: `${volume} has room for 57 KiB of files; these need 60 KiB`,
    })
    t.equal(text(volume, 'a'), '1')
    t.equal(write(volume, set({ a: Buffer.alloc(56 * 1024) })), true)
    t.equal(write(volume, set({ a: Buffer.alloc(56 * 1024, 1) })), true, 'old and new fit together')
    t.equal(write(volume, set({ a: Buffer.alloc(56 * 1024, 2) })), true, 'again and again')
  })

  t.test('a volume that runs full keeps the current set and nothing of the new one', async (t) => {
    const volume = makeTmpfs(t, 'size=128k')
    write(volume, set({ a: '1' }))
    writeFileSync(join(volume, 'filler'), Buffer.alloc(100 * 1024))
    t.throws(() => write(volume, set({ a: '2', b: Buffer.alloc(40 * 1024) })), {
      code: 'AKV_VOLUME_FULL',
      message: 'ENOSPC',
    })
    t.strictSame(list(volume), ['<set>', '..data -> <set>', 'a -> ..data/a', 'filler'])
    t.equal(text(volume, 'a'), '1')
  })

  t.test('a tmpfs that runs out of inodes gives the same error', async (t) => {
    const volume = makeTmpfs(t, 'size=1m,nr_inodes=12')
    write(volume, set({ a: '1' }))
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 'x']))
    t.throws(() => write(volume, set(many)), { code: 'AKV_VOLUME_FULL' })
    t.equal(text(volume, 'a'), '1')
  })

  t.test('a read-only volume is named in the error, and the set stays', async (t) => {
    const volume = makeTmpfs(t, 'size=1m')
    write(volume, set({ a: '1' }))
    makeReadOnly(volume)
    t.throws(() => write(volume, set({ a: '2' })), { code: 'AKV_WRITE_FAILED', message: 'EROFS' })
    t.equal(text(volume, 'a'), '1')
    t.equal(write(volume, set({ a: '1' })), false, 'nothing to write is no error')
  })

  t.test('a tmpfs without a limit takes any set', async (t) => {
    const volume = makeTmpfs(t, 'size=0')
    t.equal(write(volume, set({ a: Buffer.alloc(1024 * 1024) })), true)
  })
})
