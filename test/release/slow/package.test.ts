import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import packageJson from '../../../package.json' with { type: 'json' }
import { krewManifest } from '../../../release/krew-manifest.ts'
import { sha256 } from '../../../release/sum-files.ts'
import { findKrew } from '../../cluster/parts/find-krew.ts'
import { skipped, without } from '../../support/needs/without.ts'

const foundKrew = await findKrew({ env: process.env, log: (line) => t.comment(line) })
const withoutKrew = foundKrew.kind === 'invalid' && skipped('go', foundKrew.problem)

const root = join(import.meta.dirname, '../../..')
// Outside the checkout, whose node_modules would hide a package that the bundle lacks.
const folder = mkdtempSync(join(tmpdir(), 'akv-injector-package-'))
t.teardown(() => rmSync(folder, { recursive: true }))
const npm = (cwd: string, ...args: readonly string[]) =>
  execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
  })

/** Installs into a new folder, as a user does. */
function install(name: string, ...args: readonly string[]): string {
  const path = join(folder, name)
  mkdirSync(path)
  writeFileSync(join(path, 'package.json'), JSON.stringify({ allowScripts: { node: true } }))
  npm(path, 'install', ...args)
  return join(path, 'node_modules')
}

interface Packed {
  readonly filename: string
  readonly size: number
  readonly files: readonly { readonly path: string }[]
}

const [packed]: readonly Packed[] = JSON.parse(
  npm(root, 'pack', '--json', '--pack-destination', folder),
)
if (packed === undefined) throw new Error('npm pack made nothing')

t.test(
  'the package has the bundle, its bill, licences, modules and examples, and nothing else',
  async (t) => {
    const parts = new Set(
      packed.files.map(({ path }) => path.replace(/^(dist\/chunks|manifests\/\w+)\/.*/, '$1')),
    )
    t.strictSame([...parts].sort(), [
      'LICENSE',
      'README.md',
      'cli/akv-injector.cjs',
      'cli/check/output/check-report.schema.json',
      'dist/THIRD-PARTY-NOTICES.txt',
      'dist/agent.js',
      'dist/check.js',
      'dist/chunks',
      'dist/command-line.mjs',
      'dist/main.js',
      'dist/package.json',
      'dist/re2js.js',
      'dist/sbom.cdx.json',
      'dist/wait.js',
      'manifests/azure',
      'manifests/examples',
      'package.json',
    ])
    t.ok(packed.size < 2_100_000, `${packed.size} bytes`)
  },
)

const nodes: Readonly<Record<string, string>> = {
  20: join(install('node-20', 'node@20'), 'node/bin/node'),
  22: join(install('node-22', 'node@22'), 'node/bin/node'),
  24: process.execPath,
}
// Without the network, so it installs nothing but the package.
const installed = install('user', '--offline', join(folder, packed.filename))
const command = join(installed, '.bin/akv-injector')
const manifest = join(root, 'manifests/examples/files.yaml')

function run(node: number, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(nodes[node] ?? '', [command, ...args], {
    cwd: '/',
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  return { status, stdout, stderr }
}

t.test('the package installs no other package', async (t) => {
  const names = readdirSync(installed).filter((name) => !name.startsWith('.'))
  t.strictSame(names, ['akv-injector'])
})

for (const node of [22, 24])
  t.test(`the package works with Node ${node}, from any folder`, async (t) => {
    t.match(run(node, '--version'), { status: 0, stdout: `${packageJson.version}\n` })
    t.match(run(node, 'check', manifest), { status: 0, stdout: 'would be injected', stderr: '' })
    const { status, stdout, stderr } = run(node, 'demo')
    t.equal(status, 0, stderr)
    t.match(stdout, /Done\.\n$/)
  })

t.test(
  'krew accepts its manifest, and installs the package as a plugin of kubectl',
  { skip: withoutKrew || without('kubectl') },
  async (t) => {
    if (foundKrew.kind === 'invalid') return
    const { krew, validator } = foundKrew.value
    const archive = join(folder, packed.filename)
    const write = (name: string, checksum: string) => {
      const file = join(folder, name)
      writeFileSync(file, krewManifest({ name: packed.filename, sha256: checksum }))
      return file
    }
    const manifest = write('akv-injector.yaml', sha256(archive))
    const [home, programs] = [join(folder, 'home'), join(folder, 'programs')]
    for (const path of [home, programs]) mkdirSync(path)
    const env = { HOME: home, PATH: `${home}/.krew/bin:${programs}:${process.env['PATH']}` }
    const runWith = (program: string, ...args: readonly string[]) =>
      spawnSync(program, args, { encoding: 'utf8', env })
    const install = (file: string) =>
      runWith(krew, 'install', `--manifest=${file}`, `--archive=${archive}`)

    // The validator runs `kubectl krew install`, which would download an archive that isn't published yet.
    const substitute = join(programs, 'kubectl')
    writeFileSync(substitute, `#!/bin/sh\nshift\nexec '${krew}' "$@" '--archive=${archive}'\n`)
    chmodSync(substitute, 0o755)
    const validated = runWith(validator, '-manifest', manifest)
    t.match(validated, { status: 0, stderr: 'all 1 spec.platforms installed fine' })
    t.notMatch(validated.stderr, /^W/m, 'no warning')
    rmSync(substitute)

    t.match(install(write('altered.yaml', '0'.repeat(64))), { status: 1, stderr: /checksum/ })
    t.match(install(manifest), { status: 0, stderr: 'Node.js 22 or later' })
    const plugin = (...args: readonly string[]) => runWith('kubectl', 'akv-injector', ...args)
    t.match(plugin('--version'), { status: 0, stdout: `${packageJson.version}\n` })
    t.match(plugin('help', 'check').stdout, 'Usage: kubectl akv-injector check ')
  },
)

t.test('npm installs the plugin of kubectl, too', { skip: without('kubectl') }, async (t) => {
  const env = { PATH: `${join(installed, '.bin')}:${process.env['PATH']}` }
  const { stdout } = spawnSync('kubectl', ['akv-injector', '--help'], { encoding: 'utf8', env })
  t.match(stdout, 'Usage: kubectl akv-injector ')
})

t.test('pre-commit runs its hook with the package', { skip: without('pre-commit') }, async (t) => {
  const [hooks, team] = [join(folder, 'hooks'), join(folder, 'team')]
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    PRE_COMMIT_HOME: join(folder, 'pre-commit'),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'protocol.file.allow',
    GIT_CONFIG_VALUE_0: 'always',
  }
  const git = (cwd: string, ...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@test.invalid', ...args], {
      cwd,
      env,
      encoding: 'utf8',
    }).trim()
  const commit = (cwd: string) => {
    git(cwd, 'init', '--quiet')
    git(cwd, 'add', '.')
    git(cwd, 'commit', '--quiet', '--message=all')
    return git(cwd, 'rev-parse', 'HEAD')
  }
  for (const name of ['.pre-commit-hooks.yaml', 'release/check-released'])
    cpSync(join(root, name), join(hooks, name))
  const rev = commit(hooks)

  const archive = join(folder, packed.filename)
  cpSync(manifest, join(team, 'deploy/web.yaml'))
  const runHook = (digest: string) => {
    const args = [
      `--version=${packageJson.version}`,
      `--sha256=${digest}`,
      `--from=${archive}`,
      'deploy',
    ]
    const hook = { id: 'akv-injector-check', args }
    const config = { repos: [{ repo: hooks, rev, hooks: [hook] }] }
    writeFileSync(join(team, '.pre-commit-config.yaml'), JSON.stringify(config))
    const options = { cwd: team, env, encoding: 'utf8' } as const
    const { status, stdout } = spawnSync('pre-commit', ['run', '--all-files', '--verbose'], options)
    return { status, stdout }
  }
  commit(team)
  t.match(runHook(sha256(archive)), { status: 0, stdout: /Passed[\s\S]*would be injected/ })
  t.match(runHook('0'.repeat(64)), { status: 1, stdout: /Failed[\s\S]*so it was not run/ })
  writeFileSync(
    join(team, 'deploy/web.yaml'),
    'kind: Pod\nmetadata: { annotations: { akv-injector.io/refresh: 5 } }\n',
  )
  t.match(runHook(sha256(archive)), { status: 1, stdout: /Failed[\s\S]*would be denied/ })
})

t.test('Node 20 gets a sentence', async (t) => {
  t.match(run(20, 'check', manifest), {
    status: 2,
    stdout: '',
    stderr: /^akv-injector needs Node\.js 22 or later, but this is 20\.\d+\.\d+ \(\S+\)\.\n$/,
  })
})
