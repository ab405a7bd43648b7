// The commands say the same of manifests as they are, and of what Kustomize makes of them without a change.

import { deepStrictEqual } from 'node:assert'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { parse } from 'yaml'
import { without } from '../../support/needs/without.ts'
import { numRuns } from '../../support/property-runs.ts'
import type { Texts } from '../../support/repository.ts'
import { podText } from '../../support/run-command-line.ts'
import { runInFolder } from '../../support/run-in-folder.ts'
import { repositories } from './random-repositories.ts'

const place = t.testdir()

const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\n'

const account = 'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: a, namespace: one }\n'

const mistake = podText({ vault: 'kv_a', secrets: 'X' })

/** What several files may have beside each other: mistakes, placeholders, and objects that don't concern us. */
const others = fc.constantFrom(
  podText({ vault: 'kv-a', secrets: 'x' }),
  mistake,
  podText({ vault: 'kv-${ENV}', secrets: 'x=<OBJECT>' }),
  'apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: c, annotations: { akv-injector.io/sync: "- {secret: s, data: x}", akv-injector.io/vault: kv_a } }\n',
  'apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: { name: a, namespace: one }\nspec: { provider: { aws: { service: SecretsManager, region: eu } } }\n',
  'apiVersion: external-secrets.io/v1\nkind: PushSecret\nmetadata: { name: a, namespace: one }\nspec: {}\n',
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a, namespace: two }\nspec: { template: { spec: { containers: [{ name: a, image: a }] } } }\n',
  service,
)

/** Kustomize refuses two objects of one name, so the first of a folder counts. */
const withoutTwins = (files: Texts): Texts => {
  const seen = new Set<string>()
  return Object.fromEntries(
    Object.entries(files).filter(([path, text]) => {
      const { kind, metadata } = parse(text)
      const key = [dirname(path), kind, metadata.namespace, metadata.name].join()
      return !seen.has(key) && seen.add(key)
    }),
  )
}

/** Lets Kustomize render each folder. */
function rendered(files: Texts): Texts {
  const folders = Map.groupBy(Object.keys(files), (path) => dirname(path))
  const kustomizations = [...folders].map(([folder, paths]) => [
    `${folder}/kustomization.yaml`,
    JSON.stringify({ resources: paths.map((path) => path.slice(folder.length + 1)) }),
  ])
  return { ...files, ...Object.fromEntries(kustomizations) }
}

async function outputsOf(files: Texts) {
  const folder = mkdtempSync(join(place, 'run-'))
  for (const [path, text] of Object.entries({ '.git/HEAD': '', ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const { code, stdout, stderr } = await runInFolder(folder, ['check', '-o', 'json', '.'])
  const { objects, findings, sums, skipped, commands } = JSON.parse(stdout)
  const grants = []
  for (const command of ['identity', 'rbac']) grants.push(await runInFolder(folder, [command, '.']))
  return {
    code,
    stderr,
    skipped,
    sums: { ...sums, files: 0 },
    objects: objects.map(wordsOf).toSorted(),
    findings: findings.map(wordsOf).toSorted(),
    commands: wordsOf(commands),
    grants: grants.map((ended) => [ended.code, wordsOf(ended.stdout), wordsOf(ended.stderr)]),
  }
}

/** The words of what is said, without places. Kustomize sorts objects, so the order of what a sentence lists differs. */
function wordsOf(said: unknown): string {
  const { file, rendered, line, column, ...rest } = Object(said)
  return (
    JSON.stringify(typeof said === 'string' ? said : rest)
      .replaceAll(/all[\w/]*(?:\/\w+\.yaml| \(rendered\))(?::\d+)?/g, 'PLACE')
      .replaceAll(/line \d+: /g, '')
      // A rendered folder counts as one file.
      .replaceAll(/\d+ files?/g, 'FILES')
      // Of several accounts to add, the first one is shown.
      .replaceAll(/(?<=# {5}name(?:space)?: )[\w-]+/g, 'NAME')
      .split(/(?:[\s,();"]|\\n|\.(?=[\s"\\]))+/)
      .toSorted()
      .join(' ')
  )
}

t.test(
  'what is said of rendered folders differs in places only',
  { skip: without('kustomize-or-kubectl') },
  async (t) => {
    let findings = 0
    await fc.assert(
      fc.asyncProperty(repositories, others, async (files, other) => {
        const named = Object.entries({ ...files, 'other.yaml': other })
        const direct = withoutTwins(
          Object.fromEntries(named.map(([path, text]) => [`all/${path}`, text])),
        )
        const said = await outputsOf(direct)
        deepStrictEqual(await outputsOf(rendered(direct)), said)
        findings += said.findings.length
      }),
      {
        numRuns: Math.ceil(numRuns / 12),
        examples: [
          [{}, mistake],
          [{ 'account.yaml': account }, service],
        ],
      },
    )
    t.ok(findings > 0, `${findings} findings`)
  },
)
