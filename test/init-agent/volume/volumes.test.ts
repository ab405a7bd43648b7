import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { agentRoot, readyPath } from '../../../delivery/contract.ts'
import { linkTarget } from '../../../init-agent/volume/read-file-set.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { agentConfig, secretFile, secretVariable } from '../harness/pod.ts'
import { cannotMount, makeReadOnly, makeTmpfs, mountAt } from '../harness/tmpfs.ts'
import { delivered, list, set, text, write } from '../harness/volume.ts'

const config = agentConfig({
  volumes: ['one', 'two'].map((name) => ({ name, class: name })),
  files: [
    secretFile('a'),
    secretFile('a', { path: 'two/a' }),
    secretFile('a', { volume: 'one' }),
    secretFile('a', { path: 'x/y', volume: 'two' }),
  ],
  env: [secretVariable('A', 'a')],
})
const content = (value: string, inTwo = value) => ({
  files: delivered({ a: value, 'two/a': value, '/one/a': value, '/two/x/y': inTwo }),
  env: new Map([['A', Buffer.from(value)]]),
})
/** In the order in which they are switched. */
const folders = ['env', 'files', 'csi/one', 'csi/two']

function openPod(t: Test) {
  const root = t.testdir({ files: {}, env: {}, csi: { one: {}, two: {} } })
  const paths = folders.map((folder) => join(root, folder))
  const current = () => paths.map((path) => linkTarget(join(path, '..data')))
  return { root, paths, current, volumes: openVolumes(root, config) }
}

t.test('each volume has its files, and what was written is read again', async (t) => {
  const { root, volumes } = openPod(t)
  volumes.write(content('1'))
  t.strictSame(list(join(root, 'files')), [
    '<set>',
    '..data -> <set>',
    'a -> ..data/a',
    'two -> ..data/two',
  ])
  t.strictSame(list(join(root, 'csi/one')), ['<set>', '..data -> <set>', 'a -> ..data/a'])
  t.strictSame(list(join(root, 'csi/two')), ['<set>', '..data -> <set>', 'x -> ..data/x'])
  t.equal(text(root, 'csi/two/x/y'), '1')
  t.strictSame(volumes.read()?.content, content('1'))
})

t.test('the folder that is named for the handover is a volume, never the root', async (t) => {
  const { root, paths, volumes } = openPod(t)
  t.equal(volumes.folder, paths[0])
  t.equal(openVolumes(root, { ...config, env: [] }).folder, paths[1])
  const onlyServed = config.files.filter(({ volume }) => volume === 'two')
  const served = { ...config, env: [], volumes: [{ name: 'two', class: 'two' }], files: onlyServed }
  t.equal(openVolumes(root, served).folder, paths[3])
})

t.test('a change touches only the volumes that it concerns', async (t) => {
  const { volumes, current } = openPod(t)
  volumes.write(content('1'))
  const before = current()
  volumes.write(content('1', '2'))
  t.strictSame(current().slice(0, 3), before.slice(0, 3))
  t.not(current()[3], before[3])
  t.strictSame(volumes.read()?.content, content('1', '2'))
})

t.test('no volume switches to a new set if one of the sets can’t be written', async (t) => {
  const { paths, volumes, current } = openPod(t)
  volumes.write(content('1'))
  const before = current()
  for (const path of paths) {
    const isEnv = path === paths[0]
    // With its link gone, the name is no longer the agent's.
    const name = join(path, isEnv ? 'env' : path.endsWith('two') ? 'x' : 'a')
    rmSync(name)
    writeFileSync(name, 'foreign')
    t.throws(() => volumes.write(content('2')), { code: 'AKV_FILE_IN_THE_WAY', message: path })
    t.strictSame(current(), before, path)
    rmSync(name)
  }
  volumes.write(content('2'))
  t.strictSame(volumes.read()?.content, content('2'))
})

t.test('a volume that is missing or not a folder is named in the error', async (t) => {
  for (const [code, replace] of [
    ['ENOENT', () => undefined],
    ['ENOTDIR', (path: string) => writeFileSync(path, '')],
  ] as const) {
    const { paths, volumes, current } = openPod(t)
    const path = paths[3] ?? ''
    rmSync(path, { recursive: true })
    replace(path)
    t.throws(() => volumes.write(content('1')), {
      code: 'AKV_WRITE_FAILED',
      message: `${path} could not be written (${code})`,
    })
    t.strictSame(current().slice(0, 3), [undefined, undefined, undefined])
    t.equal(volumes.read(), undefined)
  }
})

t.test('variables, files and volumes are switched in this order, the probe’s last', async (t) => {
  t.equal(dirname(readyPath(config)), `${agentRoot}/${folders.at(-1)}`)
  for (const [index, path] of openPod(t).paths.entries()) {
    const { volumes, current } = openPod(t)
    // The link can't be replaced while there is such a folder: this volume's switch fails.
    mkdirSync(join(path, '..data_tmp'))
    t.throws(() => volumes.write(content('1')), { code: 'AKV_WRITE_FAILED', message: path })
    t.strictSame(
      current().map((link) => link !== undefined),
      folders.map((_, i) => i < index),
      path,
    )
    t.equal(volumes.read(), undefined, 'the first fetch is repeated')
    rmSync(join(path, '..data_tmp'), { recursive: true })
    volumes.write(content('1'))
    t.strictSame(volumes.read()?.content, content('1'))
  }
})

t.test(
  'after a kill between two switches, the next write brings all volumes up to date',
  async (t) => {
    const { paths, volumes } = openPod(t)
    volumes.write(content('1'))
    write(paths[2] ?? '', set({ a: '2' }))
    const mixed = content('1').files
    t.strictSame(
      volumes.read()?.content.files,
      new Map([...mixed, ...delivered({ '/one/a': '2' })]),
      'each volume is complete, so the pod is served at once',
    )
    volumes.write(content('2'))
    t.strictSame(volumes.read()?.content, content('2'))
  },
)

t.test('on a tmpfs', { skip: cannotMount() }, async (t) => {
  t.test('a full volume is named, and no other volume changes', async (t) => {
    const { paths, volumes, current } = openPod(t)
    mountAt(paths[3] ?? '', makeTmpfs(t, 'size=64k'))
    volumes.write(content('1'))
    const before = current()
    t.throws(() => volumes.write(content('2', 'x'.repeat(60_000))), {
      code: 'AKV_SET_TOO_LARGE',
      message: `${paths[3]} has room for 28 KiB of files; these need 60 KiB`,
    })
    t.strictSame(current(), before)
    t.strictSame(volumes.read()?.content, content('1'))
  })

  t.test('a read-only volume only matters when its own files change', async (t) => {
    const { paths, volumes, current } = openPod(t)
    const tmpfs = makeTmpfs(t, 'size=64k')
    mountAt(paths[3] ?? '', tmpfs)
    volumes.write(content('1'))
    makeReadOnly(tmpfs)
    volumes.write(content('2', '1'))
    t.strictSame(volumes.read()?.content, content('2', '1'))
    const before = current()
    t.throws(() => volumes.write(content('3')), { code: 'AKV_WRITE_FAILED', message: /two.*EROFS/ })
    t.strictSame(current(), before)
  })
})
