import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { createMachineResource } from '../harness/machine-resource.ts'
import { playgroundFolder, readState } from '../playground/state.ts'

/** `npm run cluster`, beside the cluster of the tests and whichever the one who runs them has. */
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

t.test('it runs when the command has ended, and a second one says so', async (t) => {
  t.match(await run('up'), `it runs.\n\n  export KUBECONFIG=${kubeconfig} PATH=${folder}:$PATH\n`)
  t.match(await run('up'), 'it runs already')
})

t.test('examples run in it, as they stand', async () => {
  for (const example of ['files', 'sync-opaque'])
    await kubectl('apply', '-f', `manifests/examples/${example}.yaml`)
  await kubectl('wait', '--for=condition=Ready', 'pod/files', '--timeout=90s')
  await kubectl('wait', '--for=create', 'secret/shop-db', '--timeout=90s')
})

t.test('it goes, and leaves nothing behind', async (t) => {
  t.ok(readState(folder))
  t.match(await run('down'), 'it has gone, and nothing of it is left')
  t.notOk(existsSync(folder))
  t.match(await run('down'), 'there is none')
})

t.test('a cluster that kind could not make leaves nothing either', async (t) => {
  const programs = t.testdir({
    docker: '#!/bin/sh\necho "docker $*" >> "$CALLED"\n',
    kind: '#!/bin/sh\necho "kind $1" >> "$CALLED"\n[ "$1" != load ] || { echo "no space" >&2; exit 1; }\n',
  })
  await t.rejects(upByKind(programs), /cluster: there is none\. kind failed:\nno space/)
  t.match(
    readFileSync(join(programs, 'called'), 'utf8'),
    /^docker image inspect .*\nkind get\nkind create\nkind load\nkind delete\n$/,
  )
  t.notOk(existsSync(folder))
})

t.test('a cluster of kind that isn’t ours stays', async (t) => {
  const programs = t.testdir({
    docker: '#!/bin/sh\n',
    kind: '#!/bin/sh\necho "kind $*" >> "$CALLED"\necho akv-injector\n',
  })
  await t.rejects(upByKind(programs), /kind has a cluster akv-injector that isn't ours/)
  t.equal(readFileSync(join(programs, 'called'), 'utf8'), 'kind get clusters\n')
  t.notOk(existsSync(folder))
})

/** @param programs - a folder with what stands for Docker and kind */
async function upByKind(programs: string): Promise<unknown> {
  for (const name of ['docker', 'kind']) chmodSync(join(programs, name), 0o755)
  const CALLED = join(programs, 'called')
  return await execute(process.execPath, [join(scripts, 'up.ts'), '--kind'], {
    env: { ...env, CALLED, PATH: `${programs}:${process.env['PATH']}` },
  })
}

/** What was built is taken from where it is; only the state is in a folder of its own. */
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
