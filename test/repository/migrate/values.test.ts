import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runInProcess } from '../../support/run-in-process.ts'

const app = `apiVersion: v1
kind: ServiceAccount
metadata:
  name: \${APP}
  namespace: shop
---
apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: kv, namespace: shop }
spec:
  provider: azure
  secretObjects:
    - secretName: web
      type: Opaque
      data: [{ key: pw, objectName: db }]
  parameters:
    clientID: 22222222-2222-2222-2222-222222222222
    tenantId: 11111111-1111-1111-1111-111111111111
    keyvaultName: \${VAULT}
    objects: |
      array:
        - |
          objectName: \${OBJECT}
          objectAlias: db
          objectType: secret
---
apiVersion: v1
kind: Pod
metadata: { name: "\${APP}", namespace: shop }
spec:
  serviceAccountName: \${APP}
  containers:
    - name: app
      image: web
      volumeMounts: [{ name: kv, mountPath: /mnt/kv }]
  volumes:
    - name: kv
      csi:
        driver: secrets-store.csi.k8s.io
        readOnly: true
        volumeAttributes: { secretProviderClass: kv }
`
const values = ['--set', 'VAULT=team-a', '--set', 'OBJECT=db-password', '--set', 'APP=web']
const migrate = (...args: readonly string[]) => runInProcess(['migrate', ...args], { input: app })

t.test('values change nothing of what is printed', async (t) => {
  const open = await migrate('-')
  t.match(open, { code: 0, stdout: /akv-injector\.io\/vault: \$\{VAULT\}/ })
  t.match(open.stdout, /akv-injector\.io\/sync/)
  t.notMatch(open.stdout, 'SecretProviderClass')
  t.strictSame(await migrate('-', ...values), open)
  const folder = t.testdir({ 'values.env': 'VAULT=team-a\nAPP=web\nOTHER=x\n' })
  t.strictSame(await migrate('-', '--from-env-file', join(folder, 'values.env')), open)
})

t.test('the result is verified with the values, too', async (t) => {
  // Unquoted, they are a number and a boolean.
  for (const value of ['VAULT=123456', 'APP=true'])
    t.match(await migrate('-', '--set', value), {
      code: 1,
      stdout: '',
      stderr:
        /^with the values of --set and --from-env-file, the result would not ask .*\n {2}\w+\/.*\n/,
    })
  const folder = t.testdir({ 'app.yaml': app })
  const file = join(folder, 'app.yaml')
  const wrong = await migrate('--write', '--force', file, '--set', 'VAULT=123456')
  t.match(wrong, {
    code: 1,
    stderr: /^Pod\/\$\{APP\} .* with the values of --set and --from-env-file, so the files/m,
  })
  t.equal(readFileSync(file, 'utf8'), app)
  t.match(await migrate('--write', '--force', file, ...values), { code: 0 })
  const written = readFileSync(file, 'utf8')
  t.equal(written, (await migrate('-')).stdout)
  t.notMatch(written, /team-a|db-password/)
})

t.test(
  'a value that belongs to no placeholder is a warning, and a wrong one an error',
  async (t) => {
    t.match(await migrate('-', '--set', 'OTHER=x'), {
      code: 0,
      stderr:
        /^warning: --set OTHER: no placeholder that is looked at in these files has this name$/m,
    })
    t.match(await migrate('-', '--set', 'x'), {
      code: 2,
      stdout: '',
      stderr: /expected NAME=VALUE/,
    })
  },
)
