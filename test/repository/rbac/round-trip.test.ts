// What `check` says that an account needs, the Roles that `rbac` prints for the same files grant.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../../support/repository.ts'
import { corpusRepositories } from '../../support/repository-corpus.ts'
import { root } from '../../support/run-command-line.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { parseRoles } from './harness.ts'

/** The accounts that `check` says have to be enabled, as `NAMESPACE/NAME`. */
async function needed(paths: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await runInProcess(['check', ...paths])
  const rows = stdout.matchAll(/ServiceAccount (\S+) enabled in namespace (\S+) \(/g)
  return [...new Set([...rows].map(([, name, namespace]) => `${namespace}/${name}`))].toSorted()
}

/** The accounts that the printed Roles enable. Undefined if something has a mistake. */
async function enabled(paths: readonly string[]): Promise<readonly string[] | undefined> {
  const { code, stdout } = await runInProcess(['rbac', ...paths])
  if (code !== 0) return undefined
  return Object.entries(parseRoles(stdout).enabled)
    .flatMap(([namespace, names = []]) => names.map((name) => `${namespace}/${name}`))
    .toSorted()
}

t.test('in folders as public repositories have them', async (t) => {
  let accounts = 0
  for (const { name, files, environments } of corpusRepositories) {
    const { pathOf } = makeFolder(t, files)
    for (const [environment, paths] of Object.entries(environments)) {
      const absolute = paths.map(pathOf)
      const granted = await enabled(absolute)
      if (granted === undefined) continue
      t.strictSame(granted, await needed(absolute), `${name}: ${environment}`)
      accounts += granted.length
    }
  }
  t.ok(accounts >= 15, `${accounts} accounts`)
})

t.test('for ExternalSecrets of any form', async (t) => {
  const fixtures = join(root, 'test/fixtures/external-secrets')
  let accounts = 0
  for (const name of readdirSync(fixtures)) {
    const paths = [join(fixtures, name, 'manifests.yaml')]
    const granted = await enabled(paths)
    if (granted === undefined) continue
    t.strictSame(granted, await needed(paths), name)
    accounts += granted.length
  }
  t.ok(accounts >= 15, `${accounts} accounts`)
})
