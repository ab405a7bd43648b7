import type { Metafile } from 'esbuild'
import t from 'tap'
import { bundledPackages } from '../../image/bundled-packages.ts'

const manifest = (name: string, version: string, more = {}) => ({
  'package.json': JSON.stringify({ name, version, ...more }),
})

/** A bundle of two parts, in which each of these files has so many bytes. */
function metafileOf(...parts: readonly Readonly<Record<string, number>>[]): Metafile {
  const outputs = parts.map((part, i) => {
    const inputs = Object.entries(part).map(
      ([path, bytesInOutput]) => [path, { bytesInOutput }] as const,
    )
    const output = { bytes: 0, imports: [], exports: [], inputs: Object.fromEntries(inputs) }
    return [`dist/${i}.js`, output] as const
  })
  return { inputs: {}, outputs: Object.fromEntries(outputs) }
}

t.test('a package is in when one of its files is, scoped or within another', async (t) => {
  const root = t.testdir({
    node_modules: {
      plain: {
        ...manifest('plain', '1.0.0', { license: 'MIT' }),
        node_modules: { inner: manifest('inner', '2.0.0', { license: 'ISC' }) },
      },
      '@scope': { name: manifest('@scope/name', '3.0.0') },
    },
  })
  const metafile = metafileOf(
    { 'cli/main.ts': 100, 'node_modules/plain/lib/index.js': 10 },
    {
      'node_modules/plain/lib/other.js': 10,
      'node_modules/plain/node_modules/inner/index.js': 10,
      'node_modules/@scope/name/dist/index.js': 10,
    },
  )
  t.strictSame(
    bundledPackages(metafile, root).map(({ folder, ...rest }) => ({
      ...rest,
      folder: folder.slice(root.length),
    })),
    [
      { name: '@scope/name', version: '3.0.0', folder: '/node_modules/@scope/name' },
      {
        name: 'inner',
        version: '2.0.0',
        license: 'ISC',
        folder: '/node_modules/plain/node_modules/inner',
      },
      { name: 'plain', version: '1.0.0', license: 'MIT', folder: '/node_modules/plain' },
    ],
  )
})

t.test(
  'packages that bundling removed aren’t listed, and no version is listed twice',
  async (t) => {
    const root = t.testdir({
      node_modules: {
        a: { ...manifest('a', '1.0.0'), node_modules: { c: manifest('c', '1.0.0') } },
        b: { ...manifest('b', '1.0.0'), node_modules: { c: manifest('c', '1.0.0') } },
        c: manifest('c', '2.0.0'),
        unused: manifest('unused', '1.0.0'),
      },
    })
    const metafile = metafileOf({
      'node_modules/unused/index.js': 0,
      'node_modules/a/node_modules/c/index.js': 1,
      'node_modules/b/node_modules/c/index.js': 1,
      'node_modules/c/index.js': 1,
    })
    t.strictSame(
      bundledPackages(metafile, root).map(({ name, version }) => `${name}@${version}`),
      ['c@1.0.0', 'c@2.0.0'],
    )
  },
)
