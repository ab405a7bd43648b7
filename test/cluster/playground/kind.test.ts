import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { playgroundFolder } from './state.ts'

/** Tries `npm run cluster -- --kind` with scripts in place of Docker and kind. */
const execute = promisify(execFile)
const XDG_CACHE_HOME = mkdtempSync(join(tmpdir(), 'akv-injector-kind-'))
const env = { ...process.env, XDG_CACHE_HOME }
const folder = playgroundFolder(env)
t.teardown(() => rmSync(XDG_CACHE_HOME, { recursive: true }))

t.test('a cluster that kind can’t create leaves nothing behind', async (t) => {
  const called = await failUp(t, {
    docker: 'echo "docker $*" >> "$CALLED"',
    kind: 'echo "kind $1" >> "$CALLED"\n[ "$1" != load ] || { echo "no space" >&2; exit 1; }',
    problem: /cluster: could not start the cluster\. kind failed:\nno space/,
  })
  t.match(called, /^docker image inspect .*\nkind get\nkind create\nkind load\nkind delete\n$/)
})

t.test('an existing kind cluster of the same name is left alone', async (t) => {
  const called = await failUp(t, {
    docker: '',
    kind: 'echo "kind $*" >> "$CALLED"\necho akv-injector',
    problem: /kind has a cluster akv-injector that npm run cluster didn't create/,
  })
  t.equal(called, 'kind get clusters\n')
})

interface Failure {
  /** Shell scripts in place of the programs. They write down their calls in `$CALLED`. */
  readonly docker: string
  readonly kind: string
  readonly problem: RegExp
}

/** Starts a cluster by kind, which fails and leaves no state. Returns what was called. */
async function failUp(t: Test, { docker, kind, problem }: Failure): Promise<string> {
  const programs = t.testdir({})
  for (const [name, script] of Object.entries({ docker, kind }))
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const CALLED = join(programs, 'called')
  const up = execute(process.execPath, [join(import.meta.dirname, 'up.ts'), '--kind'], {
    env: { ...env, CALLED, PATH: `${programs}:${process.env['PATH']}` },
  })
  await t.rejects(up, problem)
  t.notOk(existsSync(folder))
  return readFileSync(CALLED, 'utf8')
}
