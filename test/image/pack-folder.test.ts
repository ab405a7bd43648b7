import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { packFolder } from '../../image/pack-folder.ts'

t.test(
  'archives of the same files have the same bytes, whenever and wherever they were written',
  async (t) => {
    const files = () => ({ chart: { 'b.yaml': 'b', 'a.yaml': 'a', inner: { run: '#!' } } })
    const folder = t.testdir({ one: files(), two: files() })
    const pack = (name: string, extension: string) => {
      const archive = join(folder, `${name}.${extension}`)
      packFolder({ folder: join(folder, name, 'chart'), as: 'folder', archive })
      return readFileSync(archive)
    }
    for (const path of ['a.yaml', 'inner/run']) {
      utimesSync(join(folder, 'two/chart', path), 1, 1)
      chmodSync(join(folder, 'two/chart', path), 0o600)
    }
    chmodSync(join(folder, 'two/chart/inner'), 0o700)
    for (const extension of ['tar', 'tgz'])
      t.ok(pack('one', extension).equals(pack('two', extension)), extension)
    const list = execFileSync('tar', ['-tzf', join(folder, 'one.tgz')], { encoding: 'utf8' })
    t.equal(list, 'chart/\nchart/a.yaml\nchart/b.yaml\nchart/inner/\nchart/inner/run\n')
  },
)

t.test(
  'the content of a folder is packed without a prefix, as oras expects of an OCI layout',
  async (t) => {
    const folder = t.testdir({ layout: { 'oci-layout': '{}', blobs: { b: '' } } })
    const archive = join(folder, 'image.tar')
    packFolder({ folder: join(folder, 'layout'), as: 'content', archive })
    const list = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' })
    t.equal(list, 'blobs/\nblobs/b\noci-layout\n')
  },
)
