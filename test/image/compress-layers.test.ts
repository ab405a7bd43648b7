import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { compressLayers } from '../../image/compress-layers.ts'
import { readLayout, tagAnnotation, writeLayout } from './oci-layout.ts'

t.test('all layers of all platforms have zstd and the same content as before', async (t) => {
  const folder = t.testdir()
  const [from, to, again] = ['from', 'to', 'again'].map((name) => join(folder, name))
  if (from === undefined || to === undefined || again === undefined) throw new Error('no folders')
  writeLayout(from)
  compressLayers({ from, to })
  const [before, after] = [readLayout(from), readLayout(to)]
  t.strictSame(before.layerTypes, Array(4).fill('tar+gzip'))
  t.strictSame(after.layerTypes, Array(4).fill('tar+zstd'))
  t.strictSame(after.platforms, ['amd64', 'arm64'])
  t.equal(after.blobs, 8, 'a list, two manifests, two configurations, three layers')
  t.not(after.top.digest, before.top.digest)
  t.strictSame(after.top.annotations, tagAnnotation, 'the tag')

  compressLayers({ from, to: again })
  t.equal(readLayout(again).top.digest, after.top.digest, 'again, with the same digest')
  t.equal(readFileSync(join(to, 'oci-layout'), 'utf8'), '{"imageLayoutVersion": "1.0.0"}')
})

for (const suffix of ['', '+zstd'])
  t.test(`a layer of type tar${suffix} is refused`, async (t) => {
    const folder = t.testdir()
    const from = join(folder, 'from')
    writeLayout(from, suffix)
    t.throws(() => compressLayers({ from, to: join(folder, 'to') }), {
      message: new RegExp(
        `layer of type .*tar${suffix.replace('+', '\\+')}, but only .*tar\\+gzip`,
      ),
    })
  })
