import t from 'tap'
import { parse } from 'yaml'
import packageJson from '../../package.json' with { type: 'json' }
import { krewManifest } from '../../release/krew-manifest.ts'

/** krew itself checks it, too: test/release/slow/package.test.ts. */
t.test('the manifest for krew names the package of this release', async (t) => {
  // Go would read this checksum as a number, if it had no quotes.
  const sha256 = '1'.repeat(64)
  const text = krewManifest({ name: 'akv-injector-0.1.0.tgz', sha256 })
  t.match(text, `sha256: "${sha256}"`)
  const { metadata, spec } = parse(text)
  t.equal(metadata.name, 'akv-injector')
  t.equal(spec.version, `v${packageJson.version}`)
  t.equal(spec.platforms.length, 1)
  t.match(spec.platforms[0], { uri: /^https:.*\/akv-injector-0\.1\.0\.tgz$/, sha256 })
})

t.test('krew asks for short lines', async (t) => {
  const { spec } = parse(krewManifest({ name: 'x.tgz', sha256: 'a'.repeat(64) }))
  t.ok(spec.shortDescription.length <= 70)
  const lines = `${spec.description}${spec.caveats}`.split('\n')
  t.ok(lines.length >= 4)
  for (const line of lines) t.ok(line.length <= 80, line)
})
