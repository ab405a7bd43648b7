import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { playgroundFolder } from './state.ts'

/** Tries `npm run cluster -- --kind` with scripts in place of Docker and kind. */
const execute = promisify(execFile)
const XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'akv-injector-kind-'))
const env = { ...process.env, XDG_CACHE_HOME }
const folder = playgroundFolder(env)
t.teardown(() => rmSync(XDG_CACHE_HOME, { recursive: true }))

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
  return await execute(process.execPath, [join(import.meta.dirname, 'up.ts'), '--kind'], {
    env: { ...env, CALLED, PATH: `${programs}:${process.env['PATH']}` },
  })
}
