// A repository of the size that a company has: 300 classes in 190 files, of three environments. `npm test` has a third of the
// classes.

import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { isFuzzing } from '../../support/property-runs.ts'
import { makeRepository, type Texts } from '../../support/repository.ts'

const environments = ['dev', 'staging', 'prod'] as const
const each = isFuzzing ? 100 : 34
const all = each * environments.length

const vaultOf = (environment: string, number: number) => `${environment}-vault-${number % 7}`

const classText = (environment: string, number: number): string => `# Class ${number}
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata:
  name: kv-${number}
  namespace: shop
spec:
  provider: azure
  parameters:
    clientID: 22222222-2222-2222-2222-222222222222
    keyvaultName: "${vaultOf(environment, number)}"
    objects: |
      array:
        - |
          objectName: object-${number}
          objectType: secret
`
const podText = (number: number): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web-${number}, namespace: shop}   # number ${number}
spec:
  template:
    spec:
      containers:
      - name: app
        volumeMounts:
        - name: secrets
          mountPath: /mnt/secrets
      - name: proxy
      volumes:
      - name: secrets
        csi:
          driver: secrets-store.csi.k8s.io
          readOnly: true
          volumeAttributes:
            secretProviderClass: kv-${number}
`
/** Some pods are in a folder below their class. Some files are from Windows. */
function filesOf(environment: (typeof environments)[number]): Texts {
  const files: Record<string, string> = {}
  const add = (path: string, text: string) => {
    files[path] = files[path] === undefined ? text : `${files[path]}---\n${text}`
  }
  for (let number = 0; number < each; number++) {
    const app = Math.floor(number / 2)
    const folder = `${environment}/team-${app % 4}`
    const file = `${folder}/app-${app}.yaml`
    add(file, classText(environment, number))
    add(number % 25 === 0 ? `${folder}/pods/web-${number}.yaml` : file, podText(number))
  }
  return Object.fromEntries(
    Object.entries(files).map(([path, text], i) => [
      path,
      i % 5 === 0 ? text.replaceAll('\n', '\r\n') : i % 5 === 1 ? `\uFEFF${text}` : text,
    ]),
  )
}

t.test('each environment of a large repository is migrated', async (t) => {
  const manifests = Object.assign({}, ...environments.map(filesOf)) as Texts
  const bad: Texts = { 'staging/bad.yaml': `${classText('staging', 1000)}  broken: [\n` }
  const services: Texts = Object.fromEntries(
    Array.from({ length: 189 - Object.keys(manifests).length }, (_, i) => [
      `dev/services/${i}.yaml`,
      `kind: Service\nmetadata: {name: s-${i}}\n`,
    ]),
  )
  const files = { ...manifests, ...bad, ...services }
  t.equal(Object.keys(files).length, 190)
  const { run, texts, git, commit } = makeRepository(t, files)
  const { code, stdout, stderr } = await run(['migrate', '--write'])
  t.equal(code, 2)
  t.match(stderr, /^akv-injector: staging\/bad\.yaml:\d+:\d+: .*\n$/)
  for (const name of environments)
    t.match(
      stdout,
      new RegExp(`^${name}: .*; ${each} pods migrated, ${each} objects removed, 0 kept`, 'm'),
    )

  const after = texts()
  let pods = 0
  for (const [path, text] of Object.entries(after)) {
    const before = files[path] ?? ''
    t.equal(text.startsWith('\uFEFF'), before.startsWith('\uFEFF'))
    t.equal(/\r\n/.test(text), /\r\n/.test(before))
    t.notMatch(text, before.includes('\r\n') ? /[^\r]\n/ : /\r/)
    if (path === 'staging/bad.yaml') continue
    for (const document of parseAllDocuments(text)) {
      const { kind, metadata, spec } = document.toJS()
      t.not(kind, 'SecretProviderClass')
      if (kind !== 'Deployment') continue
      pods++
      const number = Number(metadata.name.slice('web-'.length))
      const { annotations } = spec.template.metadata
      t.match(annotations, {
        'akv-injector.io/vault': vaultOf(path.slice(0, path.indexOf('/')), number),
        'akv-injector.io/objects': new RegExp(`objectName: object-${number}\\n`),
        'akv-injector.io/containers': 'app',
      })
    }
  }
  t.equal(pods, all)
  for (const path of [...Object.keys(bad), ...Object.keys(services)])
    t.equal(after[path], files[path])
  const [, insertions, deletions] =
    /(\d+) insertions\(\+\), (\d+) deletions\(-\)/.exec(git('diff', '--shortstat')) ?? []
  t.equal(Number(insertions), all * 11, 'each pod gets its annotations')
  t.equal(Number(deletions), all * (10 + 15) + all, 'and loses its volume, and each class its file')

  commit()
  const again = await run(['migrate', '--write'])
  t.match(again, { code: 2, stdout: 'nothing to change\n' })
  t.strictSame(texts(), after)
})
