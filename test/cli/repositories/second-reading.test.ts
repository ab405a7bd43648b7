// Reads the manifests before and after `migrate --write` with code that knows only YAML and what is documented for users, and
// compares what each pod and each Secret of an environment is made of.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { without } from '../../support/needs/without.ts'
import { makeRepository, type Texts } from '../../support/repository.ts'
import { type CorpusRepository, corpusRepositories } from '../../support/repository-corpus.ts'
import { runInFolder } from '../../support/run-in-folder.ts'
import {
  type ReadEnvironment,
  readEnvironment,
} from '../../support/second-reading/read-environment.ts'
import type { ReadSecret } from '../../support/second-reading/read-secrets.ts'

const withoutKustomize = without('kustomize-or-kubectl')

t.test('migrated pods and accounts get what the old manifests gave them', async (t) => {
  const counts = { environments: 0, files: 0, secrets: 0, migratedFiles: 0, migratedSecrets: 0 }
  for (const repository of corpusRepositories)
    await t.test(repository.name, async (t) => {
      const { pathOf, texts, git } = makeRepository(t, repository.files)
      const folder = pathOf('.')
      const before = readAll(repository, { folder, texts: texts() })
      await runInFolder(folder, ['migrate', '--write', '.'])
      const after = readAll(repository, { folder, texts: texts() })
      const isChanged = git('status', '--porcelain') !== ''
      for (const [name, old] of before) {
        const now = after.get(name)
        t.strictSame(now?.pods, old.pods, `${name}: pods`)
        t.strictSame(
          now?.secrets.map((secret, index) => comparable(secret, old.secrets[index])),
          old.secrets.map((secret) => comparable(secret, secret)),
          `${name}: Secrets`,
        )
        for (const [index, { secret, refreshSeconds }] of old.secrets.entries())
          t.ok((now?.secrets[index]?.refreshSeconds ?? 0) <= refreshSeconds, `${secret}: refresh`)
        counts.environments++
        count(old, isChanged)
      }
    })
  t.comment(counts)
  t.pass('overlays are read, too', { skip: withoutKustomize })
  t.ok(counts.environments >= 40, `${counts.environments} environments`)
  t.ok(counts.files >= 50, `${counts.files} files of containers`)
  t.ok(counts.migratedFiles >= 40, `${counts.migratedFiles} of them where something changed`)
  t.ok(counts.secrets >= 25, `${counts.secrets} Secrets`)
  t.ok(counts.migratedSecrets >= 20, `${counts.migratedSecrets} of them where something changed`)

  function count({ pods, secrets }: ReadEnvironment, isChanged: boolean): void {
    const files = pods.flatMap((pod) => Object.values(pod.files).flatMap(Object.keys)).length
    counts.files += files
    counts.secrets += secrets.length
    if (isChanged) counts.migratedFiles += files
    if (isChanged) counts.migratedSecrets += secrets.length
  }
})

/** A client that the old manifests don't name may be any. The interval may be shorter. */
function comparable({ refreshSeconds: _, client, ...secret }: ReadSecret, old?: ReadSecret) {
  return { ...secret, client: old?.client === '' ? 'any' : client }
}

function readAll(
  { environments }: CorpusRepository,
  { folder, texts }: { readonly folder: string; readonly texts: Texts },
): ReadonlyMap<string, ReadEnvironment> {
  return new Map(
    Object.entries(environments).flatMap(([name, paths]) => {
      const manifests = manifestsOf(paths, { folder, texts })
      return manifests === undefined ? [] : [[name, readEnvironment(manifests)]]
    }),
  )
}

function kustomize(folder: string): string {
  const options = { encoding: 'utf8' } as const
  const built = spawnSync('kustomize', ['build', folder], options)
  const { stdout, stderr, status } = built.error
    ? spawnSync('kubectl', ['kustomize', folder], options)
    : built
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** What is applied. Undefined if this takes a program that isn't installed. */
function manifestsOf(
  paths: readonly string[],
  { folder, texts }: { readonly folder: string; readonly texts: Texts },
): readonly string[] | undefined {
  const [first = '.'] = paths
  if (existsSync(join(folder, first, 'kustomization.yaml'))) {
    return withoutKustomize ? undefined : [kustomize(join(folder, first))]
  }
  return Object.entries(texts)
    .filter(([path]) => /\.(?:ya?ml|json)$/.test(path))
    .filter(([path]) =>
      paths.some((some) => some === '.' || path === some || path.startsWith(`${some}/`)),
    )
    .map(([, text]) => text)
}
