import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { admissionCases } from '../support/golden/admission-cases.ts'
import { root } from '../support/run-command-line.ts'
import { runInFolder } from '../support/run-in-folder.ts'
import { seedManifests } from '../support/seed-manifests.ts'
import { startWorkerInNode } from './start-worker.ts'

const worker = await startWorkerInNode()

interface Manifests {
  readonly name: string
  readonly text: string
  readonly settings?: Readonly<Record<string, string>>
  readonly namespace?: string
}

const read = (...patterns: readonly string[]): readonly Manifests[] =>
  globSync(patterns, { cwd: root })
    .sort()
    .map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') }))

/** What the pages' readers would paste. */
const likely = read(
  'manifests/examples/*.yaml',
  'web/examples/*.yaml',
  'test/fixtures/{csi,eso,migrate}/*.yaml',
  'test/fixtures/external-secrets/*/manifests.yaml',
)
const others: readonly Manifests[] = [
  ...read('test/fixtures/repositories/*/repository/**/*.yaml'),
  ...seedManifests.map(({ env, ...seed }) => ({ ...seed, settings: env })),
  ...admissionCases.map(({ name, review }) => ({
    name,
    text: stringify(review.request['object'] ?? null, { lineWidth: 0 }),
  })),
]

/** How a command of the page is called in a shell. */
const commands = {
  check: ['check'],
  findings: ['check', '--output', 'json'],
  inject: ['inject'],
  migrate: ['migrate', '--dry-run'],
  identity: ['identity'],
  rbac: ['rbac'],
}

/** Runs a command in both ways, and returns how much it has printed. */
async function compare(
  t: Test,
  command: keyof typeof commands,
  { name, text, settings = {}, namespace }: Manifests,
): Promise<number> {
  const folder = t.testdirName
  writeFileSync(join(folder, 'manifest.yaml'), text)
  const args = [...commands[command], 'manifest.yaml']
  // Two commands would refuse manifests of other namespaces.
  if (namespace !== undefined) args.push('--namespace', namespace)
  const { code, ...printed } = await runInFolder(folder, args, settings)
  const { exitCode, ...answer } = await worker.ask({
    command,
    text,
    settings,
    namespace: namespace ?? 'default',
  })
  if (exitCode !== code || JSON.stringify(answer) !== JSON.stringify(printed))
    t.strictSame({ ...answer, code: exitCode }, { ...printed, code }, `${command} of ${name}`)
  return printed.stdout.length
}

t.test('the page says what `check` says', async (t) => {
  t.testdir()
  const all = [...likely, ...others]
  t.ok(all.length > 400, `${all.length} manifests`)
  let printed = 0
  for (const manifests of all) printed += await compare(t, 'findings', manifests)
  t.ok(printed > 500_000, `${printed} characters are printed`)
})

t.test('the page says what the other commands say', async (t) => {
  t.testdir()
  t.ok(likely.length > 50, `${likely.length} manifests`)
  for (const command of ['check', 'inject', 'migrate', 'identity', 'rbac'] as const) {
    let printed = 0
    for (const manifests of likely) printed += await compare(t, command, manifests)
    t.ok(printed > 1000, `${command}: ${printed} characters are printed`)
  }
})
