import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }

const entry = join(import.meta.dirname, '../..', packageJson.bin['akv-injector'])

t.test('installing the package runs no script and installs no other package', async (t) => {
  const atInstall = ['preinstall', 'install', 'postinstall', 'prepare', 'dependencies']
  for (const name of atInstall) t.notOk(name in packageJson.scripts, name)
  for (const name of ['dependencies', 'optionalDependencies', 'peerDependencies'])
    t.notOk(name in packageJson, `${name}: the bundle contains everything`)
})

t.test('the package asks for the Node that its command asks for', async (t) => {
  t.equal(packageJson.engines.node, '>=22')
  const folder = t.testdir()
  const older = (version: string) => {
    const preload = join(folder, 'preload.cjs')
    writeFileSync(
      preload,
      `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`,
    )
    return spawnSync(process.execPath, ['--require', preload, entry], { encoding: 'utf8' })
  }
  for (const version of ['8.17.0', '20.20.2', '21.7.3'])
    t.match(older(version), {
      status: 2,
      stdout: '',
      stderr: `akv-injector needs Node.js 22 or later, but this is ${version} (`,
    })
})

t.test('a checkout without the bundle names the command to use', async (t) => {
  const copy = join(t.testdir({ cli: {} }), 'cli/akv-injector.cjs')
  copyFileSync(entry, copy)
  t.match(spawnSync(process.execPath, [copy], { encoding: 'utf8' }), {
    status: 2,
    stderr: 'In a checkout, run: npm run --silent akv-injector -- --help',
  })
})

t.test(
  'npm says nothing about other versions of Node in a checkout, but reports errors',
  async (t) => {
    const npm = (folder: string, ...args: readonly string[]) =>
      spawnSync('npm', [...args, '--offline'], {
        cwd: folder,
        encoding: 'utf8',
        // Settings of the npm that runs this test.
        env: { PATH: process.env['PATH'], HOME: folder },
      })
    const manifest = JSON.stringify({ name: 'x', version: '1.0.0', engines: { node: '>=99' } })
    const loud = t.testdir({ 'package.json': manifest })
    t.match(npm(loud, 'install').stderr, 'EBADENGINE')
    const quiet = join(loud, 'quiet')
    mkdirSync(quiet)
    writeFileSync(join(quiet, 'package.json'), manifest)
    copyFileSync(join(import.meta.dirname, '../../.npmrc'), join(quiet, '.npmrc'))
    t.match(npm(quiet, 'install'), { status: 0, stderr: '' })
    t.match(npm(quiet, 'run', 'nothing').stderr, /npm error Missing script/)
  },
)
