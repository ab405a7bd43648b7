import { execFile, execFileSync } from 'node:child_process'
import { constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { encodeConfig } from '../../../delivery/contract.ts'
import { exampleConfig } from '../../init-agent/harness/example-config.ts'
import { without } from '../../support/needs/without.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { typeIntoZsh } from './type-into-zsh.ts'

const run = promisify(execFile)
const folder = t.testdir()
const home = join(folder, 'home')
mkdirSync(home)
const scriptOf = (shell: string) => join(folder, shell)
for (const shell of ['bash', 'zsh', 'fish'])
  writeFileSync(scriptOf(shell), (await runInProcess(['completion', shell])).stdout)

const asked = join(folder, 'asked')
const answer = join(folder, 'answer')
/** Writes down what it is asked, and prints what the test wants. */
const kubectl = `#!/bin/sh
echo "$@" >>'${asked}'
echo 'error: a message for the terminal' >&2
cat '${answer}'
`
writeFileSync(join(folder, 'kubectl'), kubectl, { mode: 0o755 })
// The time limits of the script are far away, unless a test says when they pass.
const never = `#!/bin/sh\nPATH='${process.env['PATH']}'\nexec sleep 60\n`
writeFileSync(join(folder, 'sleep'), never, { mode: 0o755 })
const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, HOME: home }

const withBash = `
source "$1"
COMP_LINE="$2" COMP_POINT=\${#2}
# bash also splits at = and :.
split="\${2//:/ : }"
read -r -a COMP_WORDS <<<"\${split//=/ = }"
case "$2" in *' ') COMP_WORDS+=('') ;; esac
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_akv_injector
printf '%s\\n' "\${COMPREPLY[@]}"
`
const withFish = 'source $argv[1]; complete -C $argv[2]'

type Shell = 'bash' | 'fish' | 'zsh'
const shells = ['bash', 'fish', 'zsh'] as const

/** What the shell shows or, in zsh, makes of the line. Nothing may be on standard error. */
async function complete(shell: Shell, line: string): Promise<readonly string[]> {
  const args = {
    bash: ['-c', withBash, 'bash', scriptOf('bash'), line],
    fish: ['--no-config', '-c', withFish, scriptOf('fish'), line],
    zsh: ['-f', '-c', typeIntoZsh, 'zsh', scriptOf('zsh'), line],
  }[shell]
  const { stdout, stderr } = await run(shell, args, { env, cwd: home })
  if (stderr !== '') throw new Error(stderr)
  const lines =
    shell === 'zsh'
      ? [...stdout.matchAll(/<(.*)>/g)].map(([, typed = '']) => /\S*\s?$/.exec(typed)?.[0].trim())
      : stdout.split('\n').map((text) => text.split('\t')[0])
  return lines
    .filter((text) => text !== undefined && text !== '')
    .map(String)
    .sort()
}

/** Lines of a hostile cluster. If a shell evaluated one, there would be a file `evaluated` in the folder. */
const evil = `touch ${folder}/evaluated`
const hostile = [
  `pod/$(${evil})`,
  `pod/\`${evil}\``,
  `pod/w'; ${evil}; '`,
  `pod/w"; ${evil}; "`,
  `pod/w$(${evil})`,
  'pod/-n',
  'pod/w\u001b]0;title\u0007',
  'pod/w*',
  `pod/w${'x'.repeat(300)}`,
]

const says = (lines: readonly string[]) => {
  writeFileSync(answer, `${lines.join('\n')}\n`)
  writeFileSync(asked, '')
}

const objects = [
  ['team-a', 'secret', 'db-password'],
  ['team-a', 'cert', 'web'],
  ['other', 'secret', 'api-key'],
] as const
/** The configurations of agents, as the webhook writes them, beside one that somebody else wrote. */
const configs = [
  encodeConfig({
    ...exampleConfig,
    templates: [],
    env: [],
    files: objects.map(([vault, type, name]) => ({ path: name, object: { vault, type, name } })),
  }),
  ...[`$(${evil})`, `w\`${evil}\``, `w'; ${evil}; '`, '-n', 'a b'].map((vault) =>
    JSON.stringify({ files: [{ object: { vault, type: 'secret', name: 'x' } }] }),
  ),
  `{"vault":"team-a","type":"secret","name":"$(${evil})"} {"vault":"x`,
]

for (const shell of shells)
  t.test(`${shell} completes names in the cluster`, { skip: without(shell) }, async (t) => {
    const cases = [
      ['akv-injector doctor pod web-1', ['web-1'], 'pod -o name'],
      ['akv-injector doctor -n shop pod web-1', ['web-1'], 'pod -o name -n shop'],
      ['akv-injector doctor --output json pod web-1', ['web-1'], 'pod -o name'],
      ['akv-injector doctor pod web-1 -n shop web-1', [], undefined],
      [
        'akv-injector doctor --namespace=shop --context c --kubeconfig ~/k deployment/ap',
        ['deployment/api'],
        `deployment -o name --namespace=shop --context c --kubeconfig ${home}/k`,
      ],
      ['akv-injector doctor statef', ['statefulset'], undefined],
      ['akv-injector doctor node/a', [], undefined],
    ] as const
    for (const [line, completed, question] of cases) {
      says(['pod/web-1', 'pod/web-2', 'deployment.apps/api', ...hostile])
      const none = shell === 'zsh' ? [/\S*$/.exec(line)?.[0]] : []
      t.strictSame(await complete(shell, line), completed.length > 0 ? completed : none, line)
      t.equal(readFileSync(asked, 'utf8'), question ? `get --request-timeout=2s ${question}\n` : '')
    }
    says(configs)
    const prefix = shell === 'bash' ? '' : 'team-a:'
    t.strictSame(await complete(shell, 'akv-injector who team-a:d'), [`${prefix}db-password`])
    t.strictSame(await complete(shell, 'akv-injector who team-a:cert/'), [`${prefix}cert/web`])
    t.strictSame(await complete(shell, 'akv-injector who other:'), [
      shell === 'bash' ? 'api-key' : 'other:api-key',
    ])
    t.match(readFileSync(asked, 'utf8'), /^(get --request-timeout=2s pods -o jsonpath=.*\n){3}$/)
    t.throws(() => readFileSync(join(folder, 'evaluated')), { code: 'ENOENT' })
  })

t.test(
  'all names that are safe are offered, and at most 500',
  { skip: without('bash') },
  async (t) => {
    says(['pod/web-1', ...hostile, 'pod/web-2', 'pod/0.a'])
    t.strictSame(await complete('bash', 'akv-injector doctor pod '), ['0.a', 'web-1', 'web-2'])
    says(configs)
    t.strictSame(await complete('bash', 'akv-injector who '), [
      'other',
      'other:api-key',
      'team-a',
      'team-a:cert/web',
      'team-a:db-password',
    ])
    says(Array.from({ length: 3000 }, (_, i) => `pod/web-${i}`))
    t.equal((await complete('bash', 'akv-injector doctor pod ')).length, 500)
    t.throws(() => readFileSync(join(folder, 'evaluated')), { code: 'ENOENT' })
  },
)

t.test(
  'a kubectl that hangs is ended, and so is the wait for what it started',
  { skip: without('bash') },
  async (t) => {
    const made = (name: string) => {
      execFileSync('mkfifo', [join(folder, name)])
      return join(folder, name)
    }
    // Its readers end when the test closes it.
    const never = made('never')
    const held = await open(never, constants.O_RDWR | constants.O_NONBLOCK)
    /** kubectl prints a name, and then says when the limits pass. */
    const hangs = (name: string, after: (three: string, four: string) => readonly string[]) => {
      const [three, four] = [made(`${name}-3`), made(`${name}-4`)]
      const lines = ['#!/bin/sh', 'echo pod/web-1', ...after(three, four)]
      writeFileSync(join(folder, 'kubectl'), lines.join('\n'))
      const sleep = `#!/bin/sh\nread -r word <"${join(folder, name)}-$1"\n`
      writeFileSync(join(folder, 'sleep'), sleep)
    }
    hangs('itself', (three) => [`echo >'${three}'`, `exec cat '${never}'`])
    t.strictSame(await complete('bash', 'akv-injector doctor pod '), ['web-1'])
    hangs('child', (three, four) => [
      `cat '${never}' &`,
      `echo >'${four}'`,
      `echo >'${three}'`,
      'wait',
    ])
    await complete('bash', 'akv-injector doctor pod ')
    await held.close()
  },
)
