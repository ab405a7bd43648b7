// Properties of check, identity and migrate for any documents in any folders.

import { deepStrictEqual } from 'node:assert'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { stringify } from 'yaml'
import { numRuns } from '../../support/property-runs.ts'
import type { Texts } from '../../support/repository.ts'
import { runInFolder } from '../../support/run-in-folder.ts'
import {
  accountOf,
  classOf,
  client,
  externalSecretOf,
  podOf,
  repositories,
  storeOf,
} from './random-repositories.ts'

const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'one' },
}
/** A missing object is missing, but check says where the files have one of its name. */
const withoutPlaces = (said: object): unknown =>
  JSON.parse(
    JSON.stringify(said).replaceAll(
      /is not (?:among these files|in namespace \w+ of these files, but in )[^"]*/g,
      'is missing',
    ),
  )

/** Nothing of the namespaces of the others, and nothing that reads from a vault. */
const unrelated = fc.constantFrom(
  configMap,
  accountOf({ name: 'a', namespace: 'other' }),
  {
    apiVersion: 'secrets-store.csi.x-k8s.io/v1',
    kind: 'SecretProviderClass',
    metadata: { name: 'a', namespace: 'other' },
    spec: { provider: 'azure', parameters: { keyvaultName: 'x', objects: 'array: []' } },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'one' },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  },
  {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'a', namespace: 'one' },
    spec: { values: { text: '{{ .Values.x }}' } },
  },
)

const generatorRef = { apiVersion: 'generators.external-secrets.io/v1alpha1', kind: 'Password' }
const foreignStore = {
  apiVersion: 'external-secrets.io/v1',
  kind: 'ClusterSecretStore',
  metadata: { name: 'a' },
  spec: { provider: { fake: { data: [] } } },
}
/** What stays with the External Secrets Operator. */
const leftToOperator = fc.constantFrom(
  { ...generatorRef, metadata: { name: 'a', namespace: 'one' }, spec: { length: 20 } },
  {
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name: 'a', namespace: 'other' },
    spec: { dataFrom: [{ sourceRef: { generatorRef: { ...generatorRef, name: 'a' } } }] },
  },
  foreignStore,
)
const foreign = fc.oneof(unrelated, leftToOperator)
const elsewhere = fc.constantFrom('', 'dev/', 'prod/eu/', 'new/', 'dev/new/')

const runs = { numRuns: Math.ceil(numRuns / 8) }

const inOne = { name: 'a', namespace: 'one' }
/** Files that `migrate` changes: in a few runs, generated ones may have nothing to migrate. */
const migratedFiles: Texts = {
  '0.yaml': stringify(classOf(inOne, { vault: 'vault-one', clientID: client })),
  '1.yaml': stringify(podOf(inOne, { volumeClass: 'a' })),
}
/** dev's class and prod's account: a file above both makes them no pair. */
const separateFiles: Texts = {
  'prod/0.yaml': stringify(storeOf(inOne, { vault: 'vault-one' })),
  'prod/eu/1.yaml': stringify(accountOf(inOne)),
  'dev/2.yaml': stringify(storeOf(inOne, { vault: 'vault-one', account: 'a' })),
  'dev/3.yaml': stringify(classOf(inOne, { vault: 'vault-two', hasSecret: true })),
}
/** `migrate` removes the store that is named, and no other of that name. */
const namedStore: Texts = {
  '0.yaml': stringify(storeOf(inOne, { vault: 'vault-one', account: 'a' })),
  '1.yaml': stringify(externalSecretOf(inOne, 'a')),
}
const classElsewhere = classOf({ name: 'a', namespace: 'other' }, { vault: 'x', hasSecret: true })

t.test('an unrelated file changes nothing that is said of another', async (t) => {
  let changes = 0
  await fc.assert(
    fc.asyncProperty(repositories, foreign, elsewhere, async (files, object, folder) => {
      const added = `${folder}added.yaml`
      const before = await readAll(files)
      const after = await readAll({ ...files, [added]: stringify(object) })
      const rest = after.said.filter(({ file }) => file !== added)
      deepStrictEqual(rest.map(withoutPlaces), before.said.map(withoutPlaces))
      deepStrictEqual([after.grants, after.diffs], [before.grants, before.diffs])
      changes += before.diffs.length
    }),
    {
      ...runs,
      examples: [
        [migratedFiles, configMap, 'new/'],
        [separateFiles, classElsewhere, ''],
        [namedStore, foreignStore, ''],
      ],
    },
  )
  t.ok(changes > 0, `${changes} files would change`)
})

t.test('other names of the folders change nothing but paths', async (t) => {
  const reversed = renaming({ dev: 'zeta', prod: 'beta', eu: 'alpha' })
  const inSameOrder = renaming({ dev: 'alpha', prod: 'zeta', eu: 'beta' })
  let findings = 0
  await fc.assert(
    fc.asyncProperty(repositories, async (files) => {
      const before = await readAll(files)
      const { said, grants } = await reversed(files)
      deepStrictEqual(inOrder({ said, grants }), inOrder(before))
      // Of equal copies without an account, the first one is migrated.
      deepStrictEqual((await inSameOrder(files)).diffs.toSorted(), before.diffs.toSorted())
      findings += before.said.length
    }),
    runs,
  )
  t.ok(findings > runs.numRuns, `${findings} objects and findings`)
})

/** Returns a function that reads files with other names of their folders, and gives the results with the old names. */
function renaming(names: Readonly<Record<string, string>>) {
  const old = Object.fromEntries(Object.entries(names).map(([name, other]) => [other, name]))
  const rename = (text: string, by: typeof names) =>
    text.replaceAll(/\b(?:dev|prod|eu|zeta|beta|alpha)\b/g, (name) => by[name] ?? name)
  return async (files: Texts): Promise<Read> => {
    const renamed = Object.entries(files).map(([path, text]) => [rename(path, names), text])
    return JSON.parse(rename(JSON.stringify(await readAll(Object.fromEntries(renamed))), old))
  }
}

interface Read {
  /** The objects and findings of `check --output json`. */
  readonly said: readonly { readonly file?: string }[]
  /** The lines of `identity`. */
  readonly grants: readonly string[]
  /** The diffs of `migrate --dry-run`, one for each file. */
  readonly diffs: readonly string[]
}

const place = t.testdir()

async function readAll(files: Texts): Promise<Read> {
  const folder = mkdtempSync(join(place, 'run-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const checked = await runInFolder(folder, ['check', '--output', 'json', '.'])
  const { objects, findings } = JSON.parse(checked.stdout)
  const { stdout: commands } = await runInFolder(folder, ['identity', '.'])
  const { stdout: changes } = await runInFolder(folder, ['migrate', '--dry-run', '.'])
  return {
    said: [...objects, ...findings].filter(({ code }) => code !== 'AKV_CHECK_NOTHING'),
    grants: commands.split('\n'),
    diffs: changes.split(/^(?=--- )/m).filter((diff) => diff !== ''),
  }
}

/** The order of files is that of their paths, also where a sentence lists several. Of equal copies, it names the first. */
function inOrder({ said, grants }: Pick<Read, 'said' | 'grants'>) {
  const words = (text: string) =>
    text
      .replaceAll(/defined differently in .+?(?:\); keep|, and none)/g, (places) =>
        places.replaceAll(/[\w/]+\.yaml:\d+/g, 'PLACE'),
      )
      // Of equal copies, one is named.
      .replaceAll(/(in namespace [\w-]+) \([\w/]+\.yaml:\d+\)/g, '$1')
      .split(/[\s,();]+/)
      .toSorted()
      .join(' ')
  const sorted = (texts: readonly string[]) => texts.map(words).toSorted()
  return { said: sorted(said.map((one) => JSON.stringify(one))), grants: sorted(grants) }
}
