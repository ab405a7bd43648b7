import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { hasPlaceholder } from '../../../repository/input/placeholders/open-names.ts'
import { runInProcess } from '../../support/run-in-process.ts'
import { classText, storeText } from './manifests.ts'

const migrate = (input: string, ...args: readonly string[]) =>
  runInProcess(['migrate', ...args, '-'], { input })
const documentsOf = (text: string) => parseAllDocuments(text).map((document) => document.toJS())

for (const form of ['${X}', '${X:=some}', '<X>', '__X__', '"#{X}#"', '$(X)']) {
  const written = form.replaceAll('"', '')
  t.test(`migrate carries ${written} over`, async (t) => {
    const { code, stdout, stderr } = await migrate(
      classText({ vault: form, namespace: form, client: form }),
    )
    t.match({ code, stderr }, { code: 0, stderr: '' })
    const [pod, ...others] = documentsOf(stdout)
    t.same(others, [])
    t.match(pod.metadata, {
      namespace: written,
      annotations: {
        'akv-injector.io/vault': written,
        'akv-injector.io/client-id': written,
      },
    })
    t.match(stdout, `namespace: ${form}\n`, 'with its own quotes')
  })

  t.test(`migrate carries ${written} of a store to the account`, async (t) => {
    const input = storeText({ vault: `kv-${written}`, namespace: form, client: form }, 2)
    const { code, stdout } = await migrate(input)
    t.equal(code, 0)
    const [account, ...others] = documentsOf(stdout)
    t.same(others, [])
    t.match(account.metadata.annotations['akv-injector.io/sync'], `data: password=kv-${written}:db`)
    t.match(stdout, `azure.workload.identity/client-id: ${form}\n`)
  })
}

t.test('the parts of an object list keep their placeholders', async (t) => {
  const input = classText({ vault: 'kv-${ENV}' })
    .replace('objectName: db', 'objectName: ${NAME}\n          objectVersion: $(VERSION)')
    .replace('mountPath: /kv', 'mountPath: /kv/<folder>')
  const { stdout } = await migrate(input)
  const [{ metadata, spec }] = documentsOf(stdout)
  t.match(
    metadata.annotations['akv-injector.io/objects'],
    'objectName: ${NAME}\n    objectVersion: $(VERSION)\n',
  )
  t.match(metadata.annotations['akv-injector.io/mount-path'], '/kv/<folder>')
  t.match(spec.containers[0].image, 'app')
})

t.test(
  'what depends on a value stays as it is, and the reason names the placeholder',
  async (t) => {
    for (const [input, reason] of [
      [
        classText({ vault: 'team-a' }).replace('objectType: secret', 'objectType: ${TYPE}'),
        /Pod\/web .*: stays as it is: .*; it depends on the value of \$\{TYPE\}/,
      ],
      [
        storeText({ vault: 'team-a' }).replace(/vaultUrl: .*/, 'vaultUrl: ${URL}'),
        /ExternalSecret\/db-0 .*: stays as it is: what its annotation would say depends on the value of \$\{URL\}/,
      ],
      [
        storeText({ vault: 'team-a' }).replace(
          'spec:\n  secretStoreRef',
          'spec:\n  refreshInterval: ${R}\n  secretStoreRef',
        ),
        /ExternalSecret\/db-0 .*: stays as it is: what its annotation would say depends on the value of \$\{R\}/,
      ],
    ] as const) {
      const { code, stdout, stderr } = await migrate(input)
      t.equal(code, 0)
      t.equal(stdout, input)
      t.match(stderr, reason)
      t.notOk(hasPlaceholder(stderr))
    }
  },
)

t.test('files keep everything else, and a new account has the placeholders', async (t) => {
  const folder = t.testdir({
    'web.yaml': classText({ vault: 'kv-${ENV}', namespace: '${NS}' }).replace(
      'image: app',
      'image: ${IMAGE} # of the pipeline\n      args: [$(X), "${Y}"]',
    ),
    'db.yaml': storeText({ vault: 'kv-${ENV}', namespace: '${NS}' })
      .split('---\n')
      .filter((text) => !text.includes('kind: ServiceAccount'))
      .join('---\n')
      .replace('name: web', 'name: __SA__'),
  })
  const { code } = await runInProcess(['migrate', '--write', '--force', folder])
  t.equal(code, 0)
  t.match(readdirSync(folder), ['serviceaccount-__SA__.yaml', 'web.yaml'])
  const account = readFileSync(join(folder, 'serviceaccount-__SA__.yaml'), 'utf8')
  t.match(documentsOf(account)[0].metadata, { name: '__SA__', namespace: '${NS}' })
  const web = readFileSync(join(folder, 'web.yaml'), 'utf8')
  t.match(web, 'image: ${IMAGE} # of the pipeline\n      args: [$(X), "${Y}"]\n')
  const again = await runInProcess(['migrate', '--write', '--force', folder])
  t.match(again, { code: 0, stdout: /nothing to change/ })
})

t.test('a value keeps what looks like the truncated stand-in of a placeholder', async (t) => {
  const text = 'x00… x01… x02… x03… a7b3… ac70… 200…'
  const input = classText({ vault: 'kv-${ENV}', namespace: '${NS}', client: '${X}' }).replace(
    'image: app',
    `image: app\n      args: ["${text}"]`,
  )
  const { code, stdout } = await migrate(input)
  t.equal(code, 0)
  t.strictSame(documentsOf(stdout)[0].spec.containers[0].args, [text])
  t.match(stdout, `      args: ["${text}"]\n`)
})

t.test('a migrated file with its values filled in asks for the same as before', async (t) => {
  const values = ['--set', 'ENV=dev', '--set', 'X=22222222-2222-2222-2222-222222222222']
  const input = classText({ vault: 'kv-${ENV}', client: '<X>' })
  const { stdout } = await migrate(input)
  const env = { AKV_INJECTOR_CSI: 'all' }
  const rolesOf = async (text: string) =>
    (await runInProcess(['identity', '-', ...values], { input: text, env })).stdout
  t.match(await rolesOf(input), 'az keyvault show --name kv-dev')
  t.equal(await rolesOf(stdout), await rolesOf(input))
})

t.test('a class or a store whose users are unknown without a value stays', async (t) => {
  const more = (text: string) => text.replaceAll('db-0', 'other')
  for (const [input, kept] of [
    [
      [
        classText({ vault: 'team-a' }),
        classText({ vault: 'team-a' })
          .split('---\n')[1]
          ?.replace('name: web', 'name: job')
          .replace('secretProviderClass: kv', 'secretProviderClass: ${X}v'),
      ].join('---\n'),
      'SecretProviderClass/kv (standard input): stays as it is: Pod/job may need it',
    ],
    [
      [
        storeText({ vault: 'team-a' }),
        more(storeText({ vault: 'team-a' }))
          .split('---\n')[2]
          ?.replace('name: kv', 'name: k${X}'),
      ].join('---\n'),
      'SecretStore/kv (standard input): stays as it is: ExternalSecret/other may need it',
    ],
    [
      [
        storeText({ vault: 'team-a' }),
        more(storeText({ vault: 'team-a', namespace: '${NS}' })).split('---\n')[2],
      ].join('---\n'),
      'SecretStore/kv (standard input): stays as it is: ExternalSecret/other may need it',
    ],
  ] as const) {
    const { code, stderr } = await migrate(input)
    t.equal(code, 0)
    t.match(stderr, kept)
  }
  const { stderr } = await migrate(
    [
      storeText({ vault: 'team-a' }),
      more(storeText({ vault: 'team-a' }))
        .split('---\n')[2]
        ?.replace('name: kv', 'name: x${X}'),
    ].join('---\n'),
  )
  t.notMatch(stderr, 'SecretStore/kv', 'no value makes it this name')
})
