import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { root } from '../../support/run-command-line.ts'
import { runInFolder } from '../../support/run-in-folder.ts'
import { seedManifests } from '../../support/seed-manifests.ts'
import { chooseExample, openPlayground, skip, statusOf, writePlayground } from './open-page.ts'

interface Finding {
  readonly code: string
  readonly severity: string
  readonly message: string
  readonly line?: number
}

const folder = t.testdir()

async function findingsOf(text: string): Promise<readonly Finding[]> {
  writeFileSync(join(folder, 'manifest.yaml'), text)
  const { stdout } = await runInFolder(folder, ['check', '--output', 'json', 'manifest.yaml'])
  const { findings = [] } = JSON.parse(stdout || '{}')
  return findings.filter(({ severity }: Finding) => severity !== 'note')
}

const files = globSync('test/fixtures/{csi,eso,migrate,repositories/*/repository/**}/*.yaml', {
  cwd: root,
}).sort()

/** The annotations would have to be on the pod template. */
const misplaced = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, annotations: { akv-injector.io/vault: team-a, akv-injector.io/secrets: a } }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: app, image: app }] }
`

/** The store is known, and names no account. */
const withoutAccount = `apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: { name: kv }
spec: { provider: { azurekv: { vaultUrl: 'https://team-a.vault.azure.net', authType: WorkloadIdentity } } }
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: web }
spec:
  secretStoreRef: { name: kv }
  data: [{ secretKey: a, remoteRef: { key: a } }]
`

/** Mistakes that the fixtures lack. */
const others = {
  broken: 'kind: Pod\nmetadata: {',
  misplaced,
  'without-account': withoutAccount,
}

/** For each code of `check`, the first manifests with such a finding. */
async function findEachKind() {
  const kinds = new Map<string, { readonly name: string; readonly text: string }>()
  for (const { name, text } of [
    ...seedManifests.filter(({ env }) => Object.keys(env).length === 0),
    ...files.map((name) => ({ name, text: readFileSync(join(root, name), 'utf8') })),
    ...Object.entries(others).map(([name, text]) => ({ name, text })),
  ])
    for (const { code } of await findingsOf(text))
      if (!kinds.has(code)) kinds.set(code, { name: `${code} ${name}`, text })
  return [...kinds.values()]
}

t.test('each kind of finding is listed as check reports it', { skip }, async (t) => {
  const kinds = await findEachKind()
  t.ok(kinds.length >= 10, kinds.map(({ name }) => name).join(', '))
  const { page, messages } = await openPlayground(await writePlayground(folder, kinds))
  for (const { name, text } of kinds) {
    await chooseExample(page, name)
    const expected = (await findingsOf(text)).map(
      ({ severity, message, line }) =>
        `${line === undefined ? '' : `line ${line}: `}${severity}: ${message}`,
    )
    t.strictSame(await page.locator('#finding-list li').allTextContents(), expected, name)
    t.match(await statusOf(page), /^\d+ pods? checked, /, name)
  }
  t.strictSame(messages, [])
})
