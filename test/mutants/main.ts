import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readUsers } from '../support/users-of-files.ts'
import { chooseMutants, chooseOfEach } from './choose-mutants.ts'
import { findMutants } from './find-mutants.ts'
import { nearestTests } from './nearest-tests.ts'
import { judgedCommit, newFiles } from './new-files.ts'
import { verdictOn } from './survivors.ts'
import { isBroken, type Result, tryMutant } from './try-mutant.ts'
import { createWorkspace, type Verdict } from './workspace.ts'

/**
 * `npm run mutants [-- --files GLOB… --count N --since COMMIT --each N --seed N --nearest N --jobs N]`: puts small faults into
 * the sources, one at a time and into copies of the working tree, and runs the tests that reach the file. Each file that is new
 * gets some. It prints each fault that no test noticed, and fails if one of them isn't in survivors.json.
 */

const root = join(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: {
    files: {
      type: 'string',
      multiple: true,
      default: [
        '{certs,cli,command,delivery,init-agent,keyvault,kubernetes,laptop,lib,operate,repository,requests,sync,webhook}/**/*.ts',
      ],
    },
    count: { type: 'string', default: '200' },
    since: { type: 'string', default: judgedCommit },
    each: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    nearest: { type: 'string', default: '25' },
    jobs: { type: 'string', default: '2' },
  },
})

const paths = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
const users = readUsers(
  root,
  paths.filter((path) => path.endsWith('.ts') && !path.startsWith('test/cluster/')),
)
const sources = values.files
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((path) => path.endsWith('.ts') && !path.startsWith('test/'))
  .toSorted()
const all = sources.flatMap((path) => findMutants(path, readFileSync(join(root, path), 'utf8')))
const seed = Number(values.seed)
const files = newFiles(root, { since: values.since, paths: sources })
const ofNewFiles = chooseOfEach(all, { files, each: Number(values.each), seed })
const chosen = new Set([
  ...ofNewFiles,
  ...chooseMutants(all, { count: Number(values.count), seed }),
])
console.log(
  `${chosen.size} of ${all.length} mutants in ${sources.length} files, ${ofNewFiles.length} of them in ${files.size} files that are new since ${values.since.slice(0, 12)}, seed ${seed}`,
)

const queue = [...chosen]
const results: Result[] = []
const unmutated = new Map<string, Verdict>()
await Promise.all(Array.from({ length: Number(values.jobs) }, work))
process.exitCode = report() ? 0 : 1

async function work(): Promise<void> {
  const workspace = createWorkspace(root, paths)
  try {
    for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
      const tests = nearestTests(users, mutant.file)
        .filter((path) => !/^test\/(?:fuzz|release\/slow)\/|\/cost\//.test(path))
        .slice(0, Number(values.nearest))
      const result = await tryMutant(mutant, { root, workspace, tests, unmutated })
      results.push(result)
      print(result)
    }
  } finally {
    workspace.remove()
  }
}

function print(result: Result): void {
  const { mutant, kind } = result
  const place = `${mutant.file}:${mutant.line}`
  if (kind !== 'survived') {
    console.log(`${kind} ${place}, by ${result.test}`)
    return
  }
  const verdict = verdictOn(mutant)
  const known = verdict ? `${verdict.verdict}: ${verdict.why}` : 'not judged yet'
  console.log(`survived ${place}, in ${result.tests} test files (${known})`)
  console.log(`  - ${mutant.from}\n  + ${mutant.to}`)
}

/** @returns whether all survivors have been judged */
function report(): boolean {
  const survived = results.flatMap((result) => (result.kind === 'survived' ? result : []))
  const unknown = survived.filter(({ mutant }) => verdictOn(mutant) === undefined)
  for (const [test, verdict] of unmutated)
    if (isBroken(verdict)) console.log(`${test} fails without a mutant, too`)
  const hung = results.filter(({ kind }) => kind === 'hung').length
  const killed = results.length - survived.length
  console.log(
    `\n${results.length} mutants: ${killed} killed (${hung} of them hung), ${survived.length} survived, ${unknown.length} not judged yet`,
  )
  return unknown.length === 0
}
