import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { sha256 } from '../../release/sum-files.ts'

const root = join(import.meta.dirname, '../..')
const program = join(root, 'release/check-released')

/** A package whose command prints its arguments, a home, and a `curl` that "downloads" the package and logs what it was asked for. */
function release(t: Test) {
  const folder = t.testdir({
    package: {
      cli: {
        'akv-injector.cjs': 'console.log(process.argv.slice(2).join("|")); process.exitCode = 1',
      },
    },
    home: {},
    temporary: {},
    programs: {},
  })
  const file = join(folder, 'akv-injector-0.1.0.tgz')
  execFileSync('tar', ['-czf', file, '-C', folder, 'package'])
  const [log, curl] = [join(folder, 'curl.log'), join(folder, 'programs/curl')]
  writeFileSync(
    curl,
    `#!/bin/sh\necho "$@" >>'${log}'\nwhile [ "$1" != --output ]; do shift; done\ncp '${file}' "$2"\n`,
  )
  chmodSync(curl, 0o755)
  const path = [dirname(curl), dirname(process.execPath), process.env['PATH']].join(delimiter)
  const env = { HOME: join(folder, 'home'), TMPDIR: join(folder, 'temporary'), PATH: path }
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env })
    return { status, stdout, stderr }
  }
  const downloads = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
  const cache = join(folder, 'home/.cache/akv-injector/releases')
  return { folder, file, digest: sha256(file), env, run, downloads, cache }
}

const version = '--version=0.1.0'

t.test('the package of a release runs `check`, and ends as that does', async (t) => {
  const { digest, run, downloads, folder, cache } = release(t)
  const answer = { status: 1, stdout: 'check|--strict|a b.yaml\n', stderr: '' }
  for (const _ of ['downloaded', 'cached'])
    t.strictSame(run(version, `--sha256=${digest}`, '--strict', 'a b.yaml'), answer)
  t.equal(downloads().length, 1, 'it is downloaded once')
  t.match(downloads()[0], '/releases/download/v0.1.0/akv-injector-0.1.0.tgz')
  t.strictSame(readdirSync(cache), [digest])
  t.strictSame(readdirSync(join(folder, 'temporary')), [], 'it leaves nothing behind')
})

t.test('a package with another digest is neither run nor kept', async (t) => {
  const { digest, file, run, folder, cache } = release(t)
  const other = '0'.repeat(64)
  const refused = { status: 2, stdout: '', stderr: `has the digest ${digest} instead of ${other}` }
  t.match(run(version, `--sha256=${other}`), refused)
  t.match(run(version, `--sha256=${other}`, `--from=${file}`), refused)
  t.notOk(existsSync(cache))
  t.strictSame(readdirSync(join(folder, 'temporary')), [])
})

t.test('a cache that somebody has changed isn’t run, and is downloaded again', async (t) => {
  const { digest, run, downloads, cache } = release(t)
  t.equal(run(version, `--sha256=${digest}`).status, 1)
  writeFileSync(join(cache, digest), 'changed')
  t.match(run(version, `--sha256=${digest}`), { status: 2, stderr: /so it was not run/ })
  t.equal(run(version, `--sha256=${digest}`).status, 1)
  t.equal(downloads().length, 2)
})

t.test('a file or a mirror can stand in for GitHub', async (t) => {
  const { digest, file, run, downloads, cache } = release(t)
  t.equal(run(version, `--sha256=${digest}`, `--from=${file}`, 'x').stdout, 'check|x\n')
  t.strictSame(downloads(), [])
  const mirror = 'https://mirror.example/akv-injector-0.1.0.tgz'
  t.equal(run(version, `--sha256=${digest}`, `--from=${mirror}`, 'x').stdout, 'check|x\n')
  t.match(downloads(), [/--proto =https .* https:\/\/mirror\.example\/akv-injector-0\.1\.0\.tgz$/])
  t.notOk(existsSync(cache))
  for (const from of ['http://mirror.example/a.tgz', '-x', 'missing.tgz'])
    t.match(run(version, `--sha256=${digest}`, `--from=${from}`), { status: 2, stdout: '' }, from)
})

t.test('what isn’t a version or a digest is refused before anything is fetched', async (t) => {
  const { digest, run, downloads } = release(t)
  for (const bad of ['', 'v0.1.0', '0.1', '0.1.0/../..', '0.1.0\n0', '0.1.0 '])
    t.match(run(`--version=${bad}`, `--sha256=${digest}`), {
      status: 2,
      stderr: /--version=0\.1\.0/,
    })
  for (const bad of [
    '',
    digest.slice(1),
    `${digest}\n`,
    digest.toUpperCase().replace(/\d/g, 'A'),
    `../${digest}`,
  ])
    t.match(run(version, `--sha256=${bad}`), { status: 2, stderr: /64 hexadecimal digits/ }, bad)
  t.match(run('deploy/'), { status: 2, stderr: /--version=0\.1\.0/ })
  t.strictSame(downloads(), [])
})

t.test('the action passes its inputs on, whatever they contain', async (t) => {
  const { digest, env, downloads } = release(t)
  const { inputs, runs } = parse(readFileSync(join(root, 'action.yml'), 'utf8'))
  const given: Record<string, string> = {
    version: '0.1.0',
    sha256: digest,
    paths: 'deploy/\n\n$(touch x) "y.yaml\n-z.yaml\n',
  }
  const [step, ...others] = runs.steps
  t.strictSame([runs.using, step.shell, others], ['composite', 'bash', []])
  t.notMatch(step.run, '${{', 'no expression is expanded in the command')
  const inputOf = (expression: string) => {
    const [, name = ''] = /^\$\{\{ inputs\.(\w+) \}\}$/.exec(expression) ?? []
    return name === '' ? root : (given[name] ?? inputs[name].default)
  }
  const inputEnv = Object.fromEntries(
    Object.entries<string>(step.env).map(([name, expression]) => [name, inputOf(expression)]),
  )
  const bash = spawnSync('bash', ['-eo', 'pipefail', '-c', step.run], {
    encoding: 'utf8',
    env: { ...env, ...inputEnv },
  })
  t.equal(
    bash.stdout,
    'check|--output=github|--strict|--|deploy/|$(touch x) "y.yaml|-z.yaml\n',
    bash.stderr,
  )
  t.equal(bash.status, 1)
  t.equal(downloads().length, 1)
  for (const name of Object.keys(given).concat('from', 'arguments'))
    t.ok(inputs[name].description, name)
})
