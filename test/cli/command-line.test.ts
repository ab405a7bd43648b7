import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { podText, run, start } from '../support/run-command-line.ts'
import { program, startsFast } from '../support/start-fast/bundles.ts'

t.test('--help names every command', async (t) => {
  const { code, stdout } = await run(['--help'])
  t.equal(code, 0)
  for (const name of ['demo', 'check', 'inject', 'fetch', 'emulator', 'webhook', 'agent', 'certs'])
    t.match(stdout, new RegExp(`^  ${name} `, 'm'))
  t.match(stdout, 'AKV_INJECTOR_*')
  const [local = '', cluster = ''] = stdout.split(/^In the cluster:$/m)
  t.match(local, /^ {2}demo /m)
  for (const name of ['webhook', 'agent', 'certs', 'sync'])
    t.match(cluster, new RegExp(`^  ${name} `, 'm'))
})

t.test('each command has its own help', async (t) => {
  const { code, stdout } = await run(['check', '--help'])
  t.equal(code, 0)
  t.match(stdout, /Usage: akv-injector check \[options\] \[file\.\.\.\]/)
  t.strictSame(await run(['help', 'check']), { code, stdout, stderr: '' })
  t.strictSame(await run(['help']), await run(['--help']))
  t.match(await run(['help', 'chekc']), { code: 2, stdout: '' })
})

t.test('as a plugin of kubectl, the program names itself as kubectl does', async (t) => {
  const plugin = join(t.testdir(), 'kubectl-akv_injector')
  symlinkSync(program, plugin)
  const runPlugin = (...args: readonly string[]) =>
    spawnSync(process.execPath, [...startsFast, plugin, ...args], { encoding: 'utf8' })
  t.match(runPlugin('check', '--help').stdout, /^Usage: kubectl akv-injector check \[options\] /)
  t.match(runPlugin('check', '--help').stdout, /^ {2}kubectl akv-injector check \.$/m)
  t.match(runPlugin('chekc'), { status: 2, stderr: "Run 'kubectl akv-injector --help' for usage." })
  const { stdout } = runPlugin('completion', 'bash')
  t.equal(stdout, (await run(['completion', 'bash'])).stdout, 'shells complete the program itself')
})

t.test('a mistyped command or flag is a usage error that suggests the nearest name', async (t) => {
  const command = await run(['injcet', 'x.yaml'])
  t.match(command, { code: 2, stderr: /unknown command 'injcet'\n\(Did you mean inject\?\)/ })
  const flag = await run(['emulator', '--dta', 'x.yaml'])
  t.match(flag, { code: 2, stderr: /unknown option '--dta'\n\(Did you mean --data\?\)/ })
})

t.test('a command without its required arguments is a usage error', async (t) => {
  t.match(await run(['check']), { code: 2, stderr: /missing required argument 'file'/ })
  t.match(await run(['sync', '--watch']), { code: 2, stderr: /argument missing/ })
  t.match(await run([]), { code: 2 })
})

t.test('--version prints the version', async (t) => {
  t.match(await run(['--version']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
})

/** In the program: says so once the pipe is full and a hundred turns later the program still runs. */
const stillRuns = `let turns = 0
setInterval(() => {
  if (process.stdout.writableLength > 0 && ++turns === 100) console.error('still runs')
}, 1).unref()`

t.test(
  'output that is larger than a pipe arrives completely, even if the reader is slow',
  async (t) => {
    const pods = Array.from({ length: 200 }, (_, i) =>
      podText({ vault: 'team-a', secrets: `secret-${i}` }),
    )
    const { child, output, ended } = start(['inject', '-'], {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(stillRuns)}`,
    })
    child.stdout.pause()
    child.stdin.end(pods.join('\n---\n'))
    // A program that doesn't wait for its reader exits, and loses the rest.
    while (child.exitCode === null && !output.stderr.includes('still runs'))
      await Promise.race([ended, once(child.stderr, 'data')])
    child.stdout.resume()
    t.match(await ended, { code: 0, stderr: /^still runs$/m })
    t.match(output.stdout, 'secret-199')
    t.ok(output.stdout.length > 128 * 1024)
  },
)

t.test('a reader that closes the pipe is not a failure', async (t) => {
  const { child, ended } = start(['--help'])
  child.stdout.destroy()
  t.match(await ended, { code: 0, stderr: '' })
})

t.test('a namespace that can’t exist is a usage error', async (t) => {
  for (const command of ['check', 'inject', 'migrate', 'identity'])
    t.match(await run([command, '-n', 'Bad_NS', '-']), {
      code: 2,
      stderr: /argument 'Bad_NS' is invalid\. expected at most 63 lower case letters/,
    })
})
