import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

interface Step {
  readonly uses?: string
  readonly run?: string
}

interface Workflow {
  readonly permissions: object
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: object; readonly steps: readonly Step[] }>
  >
}

const folder = join(import.meta.dirname, '../../.github/workflows')
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8')
  const workflow: Workflow = parse(text)
  return { name, text, ...workflow }
})
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps }) => steps)

t.test('each action is pinned to one version', async (t) => {
  for (const { uses } of workflows.flatMap(stepsOf))
    if (uses !== undefined) t.match(uses, /^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/)
})

t.test('only the job that runs no code of the project may write', async (t) => {
  for (const workflow of workflows) {
    t.strictSame(workflow.permissions, { contents: 'read' }, workflow.name)
    for (const [job, { permissions, steps }] of Object.entries(workflow.jobs)) {
      const runsOurs = steps.some(({ run = '' }) => /\bnpm |\.ci\/run/.test(run))
      if (runsOurs) t.equal(permissions, undefined, `${workflow.name}: ${job}`)
    }
  }
})

t.test('no expression of GitHub is expanded in a shell command', async (t) => {
  for (const { run = '' } of workflows.flatMap(stepsOf)) t.notMatch(run, '${{', run)
})

t.test('the workflows call what this project tests, and say that they never ran', async (t) => {
  for (const { name, text } of workflows)
    t.match(text.replaceAll('\n# ', ' '), /has never run on GitHub/, name)
  const commands = workflows.flatMap(stepsOf).map(({ run = '' }) => run)
  t.ok(commands.some((run) => run.endsWith(' .ci/run')))
  t.ok(commands.some((run) => run.startsWith('npm run release -- --tag "$GITHUB_REF_NAME"')))
})
