// Each repository of test/fixtures/repositories has the output of `migrate --write` and what it changes. Its manifests before
// and after are also read by code that knows only YAML and what is documented for users, and what each pod and each Secret of
// an environment is made of is compared.

import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import t, { type Test } from 'tap'
import { updatesGolden } from '../../support/needs/updates-golden.ts'
import { without } from '../../support/needs/without.ts'
import { makeRepository, type Texts } from '../../support/repository.ts'
import { type CorpusRepository, corpusRepositories } from '../../support/repository-corpus.ts'
import { runInFolder } from '../../support/run-in-folder.ts'
import {
  type ReadEnvironment,
  readEnvironment,
} from '../../support/second-reading/read-environment.ts'
import type { ReadSecret } from '../../support/second-reading/read-secrets.ts'
import { transcriptOf } from './transcript.ts'

const updates = updatesGolden()
const withoutKustomize = without('kustomize-or-kubectl')
const counts = {
  diffs: 0,
  environments: 0,
  files: 0,
  secrets: 0,
  migratedFiles: 0,
  migratedSecrets: 0,
}

for (const repository of corpusRepositories)
  t.test(`migrate --write changes ${repository.name} as expected, and once`, async (t) => {
    const { pathOf, texts, shell, commit } = makeRepository(t, repository.files)
    const folder = pathOf('.')
    const before = readAll(repository, { folder, texts: texts() })
    const dry = await runInFolder(folder, ['migrate', '--dry-run', '.'])
    if (updates) repository.expect('migrate.diff', dry.stdout)
    t.equal(dry.stdout, repository.expected('migrate.diff'), 'migrate.diff')
    t.strictSame(texts(), repository.files, 'a dry run changes nothing')

    const transcript = await transcriptOf(repository.expected('migrate.txt'), folder)
    if (updates) repository.expect('migrate.txt', transcript)
    t.equal(transcript, repository.expected('migrate.txt'), 'migrate.txt')
    const written = texts()
    const isChanged = !isDeepStrictEqual(written, repository.files)
    const after = isChanged ? readAll(repository, { folder, texts: written }) : before
    compareReadings(t, { before, after, isChanged })

    t.equal(dry.stdout !== '', isChanged, 'the dry run has a diff if something changes')
    if (!isChanged) return
    counts.diffs++
    writeFileSync(pathOf('.git/dry-run.patch'), dry.stdout)
    shell('git checkout --quiet .; git clean --quiet --force; git apply .git/dry-run.patch')
    t.strictSame(texts(), written, 'git apply makes the same files of the diff')

    commit()
    const again = await runInFolder(folder, ['migrate', '--write', '.'])
    t.match(again.stdout, /^nothing to change$/m)
    t.strictSame(texts(), written, 'a second run changes nothing')
  })

t.test('enough was compared', async (t) => {
  t.comment(counts)
  t.pass('overlays are read, too', { skip: withoutKustomize })
  t.ok(counts.diffs >= 20, `${counts.diffs} diffs`)
  t.ok(counts.environments >= 40, `${counts.environments} environments`)
  t.ok(counts.files >= 50, `${counts.files} files of containers`)
  t.ok(counts.migratedFiles >= 40, `${counts.migratedFiles} of them where something changed`)
  t.ok(counts.secrets >= 25, `${counts.secrets} Secrets`)
  t.ok(counts.migratedSecrets >= 20, `${counts.migratedSecrets} of them where something changed`)
})

/** Migrated pods and accounts get what the old manifests gave them. */
function compareReadings(
  t: Test,
  {
    before,
    after,
    isChanged,
  }: { readonly before: Readings; readonly after: Readings; readonly isChanged: boolean },
): void {
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
    const files = old.pods.flatMap((pod) => Object.values(pod.files).flatMap(Object.keys)).length
    counts.environments++
    counts.files += files
    counts.secrets += old.secrets.length
    if (isChanged) counts.migratedFiles += files
    if (isChanged) counts.migratedSecrets += old.secrets.length
  }
}

/** A client that the old manifests don't name may be any. The interval may be shorter. */
function comparable({ refreshSeconds: _, client, ...secret }: ReadSecret, old?: ReadSecret) {
  return { ...secret, client: old?.client === '' ? 'any' : client }
}

/** What is applied in each environment, by its name. */
type Readings = ReadonlyMap<string, ReadEnvironment>

function readAll(
  { environments }: CorpusRepository,
  { folder, texts }: { readonly folder: string; readonly texts: Texts },
): Readings {
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
