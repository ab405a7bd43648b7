import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'

interface Step {
  readonly uses?: string
  readonly run?: string
}

interface Job {
  readonly permissions?: object
  readonly needs?: string | readonly string[]
  /** A workflow with the steps, which the job calls. */
  readonly uses?: string
  readonly with?: Readonly<Record<string, string>>
  readonly steps?: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions: object
  readonly jobs: Readonly<Record<string, Job>>
}

const folder = join(import.meta.dirname, '../../.github/workflows')
const workflows = readdirSync(folder).map((name) => {
  const text = readFileSync(join(folder, name), 'utf8')
  const workflow: Workflow = parse(text)
  return { name, text, ...workflow }
})
const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps)

t.test('each action is pinned to one digest, with its version for the update bot', async (t) => {
  const digests = new Map<string, string>()
  for (const { text } of workflows)
    for (const [, uses = ''] of text.matchAll(/\buses: (?!\.\/)(.*)$/gm)) {
      const [, name, digest = '', version] =
        /^([\w-]+\/[\w-]+)[\w/-]*@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$/.exec(uses) ?? []
      t.ok(digest, uses)
      const key = `${name}@${version}`
      t.equal(digests.get(key) ?? digest, digest, `${key} has one digest`)
      digests.set(key, digest)
    }
  t.ok(digests.size >= 7)
  t.equal(new Set(digests.values()).size, digests.size)
  t.equal(workflows.flatMap(stepsOf).filter(({ uses }) => uses !== undefined).length >= 10, true)
})

t.test('a release is built from a base image that is named by its digest', async (t) => {
  const steps = workflows.flatMap(stepsOf)
  const resolve = steps.find(({ run = '' }) => run.includes('node@sha256:$digest'))?.run ?? ''
  t.match(resolve, 'skopeo inspect --raw')
  t.ok(steps.some(({ run = '' }) => run.includes('--base "$BASE"')))
  const containerfile = readFileSync(join(folder, '../../Containerfile'), 'utf8')
  const named = containerfile.split('\n').filter((line) => line.startsWith('ARG NODE_VERSION='))
  t.equal(named.length, 1, 'the step finds one version')
})

t.test('nothing is signed before two builds agree', async (t) => {
  const [release] = workflows.filter(({ name }) => name === 'Release')
  const { one, two, compare, publish } = release?.jobs ?? {}
  const commandsOf = (job: Job | undefined) => (job?.steps ?? []).map(({ run = '' }) => run)
  t.strictSame(
    [one, two].map((job) => [job?.uses, job?.with?.['artifact']]),
    ['build-one', 'build-two'].map((name) => ['./.github/workflows/build-release.yml', name]),
  )
  t.strictSame(compare?.needs, ['one', 'two'])
  t.match(commandsOf(compare).join(), 'test "$ONE $TWO" = "$sums $sums"', 'as each build says')
  t.ok(commandsOf(compare).some((run) => run.includes('release/compare-builds builds/build-one')))
  t.notOk(
    commandsOf(compare).some((run) => /\b(?:npm|npx|node)\b/.test(run)),
    'no package runs',
  )
  t.equal(publish?.needs, 'compare')
  const commands = commandsOf(publish)
  const first = (text: string) => commands.findIndex((run) => run.includes(text))
  const checked = first('echo "$SUMS  SHA256SUMS" | sha256sum --check')
  t.ok(checked >= 0)
  for (const use of ['skopeo copy', 'cosign sign', 'gh release create'])
    t.ok(first(use) > checked, `${use} comes after the check`)
  const publishes = /cosign|skopeo copy|gh release create/
  const others = workflows
    .flatMap(({ jobs }) => Object.values(jobs))
    .filter((job) => job !== publish)
  t.notMatch(others.flatMap(commandsOf).join(), publishes, 'no other job does')
})

t.test('the site is published by hand only, and is that of a release', async (t) => {
  const [site] = workflows.filter(({ name }) => name === 'Site')
  t.strictSame(Object.keys(site?.on ?? {}), ['workflow_dispatch'])
  const { download, deploy, ...others } = site?.jobs ?? {}
  t.strictSame(others, {})
  t.equal(deploy?.needs, 'download')
  t.strictSame(
    deploy?.steps
      ?.map(({ uses, run }) => uses ?? run)
      .filter((step) => !step?.startsWith('actions/deploy-pages@')),
    [],
    'the job that may publish does nothing else',
  )
  const [run = ''] = (download?.steps ?? []).flatMap((step) => step.run ?? [])
  const commands = ['gh release download "$TAG"', 'gh attestation verify', 'tar --create']
  const places = commands.map((command) => run.indexOf(command))
  t.ok(places.every((place) => place >= 0))
  t.strictSame(
    places.toSorted((a, b) => a - b),
    places,
    'it is verified before it is used',
  )
  const published = workflows.filter(({ text }) => text.includes('actions/deploy-pages@'))
  t.strictSame(published, [site])
})

t.test('the update bot renews packages, actions and the base image', async (t) => {
  const { updates } = parse(readFileSync(join(folder, '../dependabot.yml'), 'utf8'))
  t.strictSame(
    updates.map((update: Record<string, unknown>) => update['package-ecosystem']),
    ['npm', 'github-actions', 'docker'],
  )
})

t.test('only the job that runs no code of the project may write', async (t) => {
  for (const workflow of workflows) {
    t.strictSame(workflow.permissions, { contents: 'read' }, workflow.name)
    for (const [job, { permissions, steps = [] }] of Object.entries(workflow.jobs)) {
      const runsOurs = steps.some(({ run = '' }) => /\bnpm |\.ci\/run/.test(run))
      const isProof = workflow.name === 'Prove' && job === 'prove'
      if (runsOurs && !isProof) t.equal(permissions, undefined, `${workflow.name}: ${job}`)
    }
  }
})

t.test('prove signs in to Azure without a secret, and never for a pull request', async (t) => {
  const [prove] = workflows.filter(({ name }) => name === 'Prove')
  t.strictSame(prove?.jobs['prove']?.permissions, { contents: 'read', 'id-token': 'write' })
  t.strictSame(Object.keys(prove?.on ?? {}), ['workflow_dispatch', 'schedule'])
  t.notMatch(prove?.text, /secrets\./)
  const artifacts = /path: \|\n((?: +\$.*\n)+)/
    .exec(prove?.text ?? '')?.[1]
    ?.trim()
    .split(/\s*\n\s*/)
  const folder = '${{ runner.temp }}/proof'
  t.strictSame(artifacts, [`${folder}/report.json`, `${folder}/report.md`])
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
