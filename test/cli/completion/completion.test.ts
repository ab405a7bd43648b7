import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { without } from '../../support/needs/without.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { typeIntoZsh } from './type-into-zsh.ts'

const folder = t.testdir()
const file = (shell: string) => join(folder, shell)
for (const shell of ['bash', 'zsh', 'fish'])
  writeFileSync(file(shell), (await runInProcess(['completion', shell])).stdout)

/** What a shell completes on a line. */
const cases: readonly (readonly [line: string, completed: readonly string[]])[] = [
  ['akv-injector chec', ['check']],
  ['akv-injector mi', ['migrate']],
  ['akv-injector help mi', ['migrate']],
  ['akv-injector completion ', ['bash', 'fish', 'zsh']],
  ['akv-injector check --outp', ['--output']],
  ['akv-injector check --output ', ['github', 'json', 'sarif', 'text']],
  ['akv-injector check -o s', ['sarif']],
  ['akv-injector identity --scope ', ['object', 'vault']],
  ['akv-injector status --outp', ['--output']],
  ['akv-injector status --output ', ['json', 'text']],
  ['akv-injector status -o j', ['json']],
  ['akv-injector status --kubec', ['--kubeconfig']],
]
const ofFiles = [
  'akv-injector check package-l',
  'akv-injector check -f package-l',
  'akv-injector check --strict package-l',
  'akv-injector status --kubeconfig package-l',
]
/** Where no file can follow. */
const ofNothing = [
  'akv-injector status package-l',
  'akv-injector status --namespace package-l',
  'akv-injector status --all-namespaces package-l',
  'akv-injector completion package-l',
  'akv-injector check -n package-l',
]

t.test(
  'bash completes commands, options and values, and files elsewhere',
  { skip: without('bash') },
  async (t) => {
    const complete = (line: string) => {
      const words = line.split(/ |(?==)|(?<==)/)
      const script =
        'compopt() { echo "no files"; }; source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _akv_injector; printf "%s\\n" "${COMPREPLY[@]}"'
      const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', file('bash'), ...words], {
        encoding: 'utf8',
      })
      t.equal(stderr, '')
      return stdout.split('\n').filter(Boolean).sort()
    }
    const without = (completed: readonly string[]) => [...completed, 'no files'].sort()
    for (const [line, completed] of cases) t.strictSame(complete(line), without(completed), line)
    t.strictSame(complete('akv-injector check --output=s'), without(['sarif']))
    const forms = ['github', 'json', 'sarif', 'text']
    t.strictSame(complete('akv-injector check --output='), without(forms))
    for (const line of ofFiles) t.strictSame(complete(line), [], line)
    for (const line of ofNothing) t.strictSame(complete(line), ['no files'], line)
    const { stdout } = spawnSync(
      'bash',
      ['-c', 'source "$1"; complete -p akv-injector', 'bash', file('bash')],
      { encoding: 'utf8' },
    )
    t.equal(stdout, 'complete -o default -F _akv_injector akv-injector\n')
  },
)

t.test('fish completes the same', { skip: without('fish') }, async (t) => {
  const complete = (line: string) => {
    const { stdout, stderr } = spawnSync(
      'fish',
      ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', file('fish'), line],
      { encoding: 'utf8', cwd: root },
    )
    t.equal(stderr, '')
    const lines = stdout.split('\n').filter(Boolean)
    return lines.map((line) => line.split('\t')[0]).sort()
  }
  for (const [line, completed] of cases) t.strictSame(complete(line), completed, line)
  for (const line of ofFiles) t.strictSame(complete(line), ['package-lock.json'], line)
  for (const line of ofNothing) t.strictSame(complete(line), [], line)
})

t.test('zsh completes the same', { skip: without('zsh') }, async (t) => {
  const unique = cases.filter(([, completed]) => completed.length === 1)
  const lines = [...unique.map(([line]) => line), ...ofFiles, ...ofNothing]
  const { stdout } = spawnSync('zsh', ['-f', '-c', typeIntoZsh, 'zsh', file('zsh'), ...lines], {
    encoding: 'utf8',
    cwd: root,
  })
  const shown = [...stdout.matchAll(/<(.*)>/g)].map(([, line = '']) => line.replace(/[ =]$/, ''))
  t.strictSame(shown, [
    ...unique.map(([line, [completed]]) => line.replace(/\S+$/, String(completed))),
    ...ofFiles.map((line) => line.replace('package-l', 'package-lock.json')),
    ...ofNothing,
  ])
  t.ok(shown.length >= 8)
})

t.test('each script has everything that the help has', async (t) => {
  const flagsIn = (help: string) => [...new Set(help.match(/(?<=^ {2}.*)--[a-z-]+(?=.* {2})/gm))]
  const { stdout: help } = await runInProcess(['--help'])
  const commands = [...help.matchAll(/^ {2}([a-z]+) .*/gm)].map(([, name = '']) => name)
  t.ok(commands.length >= 12)
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout: script } = await runInProcess(['completion', shell])
    for (const command of commands) {
      t.match(script, command)
      for (const flag of flagsIn((await runInProcess(['help', command])).stdout))
        t.match(script, shell === 'fish' ? `-l ${flag.slice(2)} ` : flag, `${shell} ${command}`)
    }
  }
})

t.test('another shell is refused with those that there are', async (t) => {
  t.match(await runInProcess(['completion', 'tcsh']), {
    code: 2,
    stdout: '',
    stderr: /Allowed choices are bash, zsh, fish/,
  })
})
