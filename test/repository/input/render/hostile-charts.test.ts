// Hostile charts try to read what isn't theirs, by Helm's functions and by symbolic links.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { without } from '../../../support/needs/without.ts'
import type { Texts } from '../../../support/repository.ts'
import { checkRepository, clientId } from './check-repository.ts'

const needsHelm = { skip: without('helm') }
const needsBoth = { skip: without('helm') || without('kustomize') }
const token = 'kv-token'

/** A chart whose pod has a vault that is read from a file. */
const chartAt = (folder: string, file: string): Texts => ({
  [join(folder, 'Chart.yaml')]: 'apiVersion: v2\nname: app\nversion: 1.0.0\n',
  [join(folder, 'templates/pod.yaml')]: `apiVersion: v1
kind: Pod
metadata:
  name: app
  annotations:
    akv-injector.io/vault: {{ .Files.Get "${file}" | default "kv-none" | trim }}
    akv-injector.io/secrets: x
    akv-injector.io/client-id: ${clientId}
spec: { containers: [{ name: app, image: app }] }
`,
})

t.test('a chart reads nothing that Git keeps for itself', needsHelm, async (t) => {
  const git = { '.git/token': `${token}\n` }
  const own = await checkRepository(t, {
    ...chartAt('', 'vault.txt'),
    ...git,
    'vault.txt': 'kv-own\n',
  })
  t.match(own.stdout, 'from kv-own')
  const top = await checkRepository(t, { ...chartAt('', '.git/token'), ...git })
  t.match(top.stdout, 'from kv-none')
  const linked = await checkRepository(
    t,
    { ...chartAt('app', 'up/.git/token'), ...git, 'app/.helmignore': 'app\n' },
    { links: { 'app/up': '..' } },
  )
  t.match(linked.stdout + linked.stderr, /app\/up: is a symbolic link to the whole repository/)
  for (const { stdout, stderr } of [top, linked]) t.notMatch(stdout + stderr, token)
})

t.test(
  'a Chart.yaml or kustomization.yaml that leads elsewhere isn’t read',
  needsBoth,
  async (t) => {
    const outside = mkdtempSync(join(tmpdir(), 'akv-injector-outside-'))
    t.teardown(() => rmSync(outside, { recursive: true }))
    const [pipe, library, foreign] = ['pipe', 'library', 'foreign'].map((name) =>
      join(outside, name),
    )
    execFileSync('mkfifo', [`${pipe}`])
    // Both would be passed over without a word, if they were read.
    writeFileSync(`${library}`, 'apiVersion: v2\nname: a\nversion: 1.0.0\ntype: library\n')
    writeFileSync(`${foreign}`, 'apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n')
    const { stderr } = await checkRepository(
      t,
      {
        'pipe/Chart.yaml':
          'apiVersion: v2\nname: pipe\nversion: 1.0.0\ndependencies: [{ name: lib, version: 1.0.0 }]\n',
        'pipe/charts/lib/values.yaml': '',
        'library/values.yaml': '',
        'foreign/values.yaml': '',
      },
      {
        args: ['--render'],
        links: {
          'pipe/charts/lib/Chart.yaml': `${pipe}`,
          'library/Chart.yaml': `${library}`,
          'foreign/kustomization.yaml': `${foreign}`,
        },
      },
    )
    for (const path of ['pipe/charts/lib', 'library'])
      t.match(stderr, `${path}/Chart.yaml: is a symbolic link to something outside`)
    t.match(stderr, 'foreign/kustomization.yaml: is a link to a file outside')
  },
)

t.test('a schema of values opens no file and no address', needsHelm, async (t) => {
  const outside = mkdtempSync(join(tmpdir(), 'akv-injector-outside-'))
  t.teardown(() => rmSync(outside, { recursive: true }))
  const pipe = join(outside, 'pipe')
  execFileSync('mkfifo', [pipe])
  writeFileSync(join(outside, 'secret.json'), `"${token}"`)
  const schemas = [
    `file://${pipe}`,
    `file://${join(outside, 'secret.json')}`,
    'file:///dev/zero',
    'http://127.0.0.1:1/schema.json',
  ].map((address) => JSON.stringify({ $ref: address }))
  for (const folder of ['', 'charts/lib/'])
    for (const schema of schemas) {
      const { code, stdout, stderr } = await checkRepository(t, {
        ...chartAt('', 'vault.txt'),
        'vault.txt': 'kv-own\n',
        'charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
        [`${folder}values.schema.json`]: schema,
      })
      t.match({ code, stdout }, { code: 0, stdout: 'from kv-own' }, `${folder}${schema} ${stderr}`)
    }
})
