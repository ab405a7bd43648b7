import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createMachineResource } from '../harness/machine-resource.ts'
import { playgroundFolder, readState } from '../playground/state.ts'

/** Tries `npm run cluster` in a cache folder of its own, beside the tests' cluster and the developer's own. */
t.setTimeout(300_000)
const execute = promisify(execFile)
const scripts = join(import.meta.dirname, '../playground')
const XDG_CACHE_HOME = t.testdir()
const env = { ...process.env, XDG_CACHE_HOME }
const folder = playgroundFolder(env)
const kubeconfig = join(folder, 'kubeconfig')
shareCache()
const cleanUp = await createMachineResource({
  create: ':',
  remove: `XDG_CACHE_HOME='${XDG_CACHE_HOME}' '${process.execPath}' '${scripts}/down.ts'`,
})
t.teardown(() => cleanUp.remove())

t.test('the cluster outlives the command, and a second command reports it', async (t) => {
  t.match(
    await run('up'),
    `the cluster is running.\n\n  export KUBECONFIG=${kubeconfig} PATH=${folder}:$PATH\n`,
  )
  t.match(await run('up'), 'the cluster is already running')
})

t.test('the examples run in it unchanged', async () => {
  for (const example of ['files', 'sync-opaque'])
    await kubectl('apply', '-f', `manifests/examples/${example}.yaml`)
  await kubectl('wait', '--for=condition=Ready', 'pod/files', '--timeout=90s')
  await kubectl('wait', '--for=create', 'secret/shop-db', '--timeout=90s')
})

t.test('cluster:down removes the cluster and all its files', async (t) => {
  t.ok(readState(folder))
  t.match(await run('down'), 'the cluster and all its files were removed')
  t.notOk(existsSync(folder))
  t.match(await run('down'), 'no cluster is running')
})

t.test('a cluster that kind can’t create leaves nothing behind', async (t) => {
  const programs = t.testdir({
    docker: '#!/bin/sh\necho "docker $*" >> "$CALLED"\n',
    kind: '#!/bin/sh\necho "kind $1" >> "$CALLED"\n[ "$1" != load ] || { echo "no space" >&2; exit 1; }\n',
  })
  await t.rejects(
    upByKind(programs),
    /cluster: could not start the cluster\. kind failed:\nno space/,
  )
  t.match(
    readFileSync(join(programs, 'called'), 'utf8'),
    /^docker image inspect .*\nkind get\nkind create\nkind load\nkind delete\n$/,
  )
  t.notOk(existsSync(folder))
})

t.test('an existing kind cluster of the same name is left alone', async (t) => {
  const programs = t.testdir({
    docker: '#!/bin/sh\n',
    kind: '#!/bin/sh\necho "kind $*" >> "$CALLED"\necho akv-injector\n',
  })
  await t.rejects(
    upByKind(programs),
    /kind has a cluster akv-injector that npm run cluster didn't create/,
  )
  t.equal(readFileSync(join(programs, 'called'), 'utf8'), 'kind get clusters\n')
  t.notOk(existsSync(folder))
})

/** @param programs - a folder with scripts in place of Docker and kind */
async function upByKind(programs: string): Promise<unknown> {
  for (const name of ['docker', 'kind']) chmodSync(join(programs, name), 0o755)
  const CALLED = join(programs, 'called')
  return await execute(process.execPath, [join(scripts, 'up.ts'), '--kind'], {
    env: { ...env, CALLED, PATH: `${programs}:${process.env['PATH']}` },
  })
}

/** Links the built programs and images into the test's own cache folder. */
function shareCache(): void {
  const [shared, own] = [process.env, env].map((env) => dirname(playgroundFolder(env)))
  if (!shared || !own) return
  mkdirSync(own)
  for (const name of readdirSync(shared))
    if (name !== 'cluster') symlinkSync(join(shared, name), join(own, name))
}

async function run(script: string): Promise<string> {
  const { stdout } = await execute(process.execPath, [join(scripts, `${script}.ts`)], { env })
  return stdout
}

const kubectl = (...args: readonly string[]) =>
  execute(join(folder, 'kubectl'), [`--kubeconfig=${kubeconfig}`, ...args])
