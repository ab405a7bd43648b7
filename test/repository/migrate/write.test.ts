import {
  chmodSync,
  existsSync,
  mkdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import t from 'tap'
import { classText, podText } from '../../support/csi-texts.ts'
import { makeRepository, type Texts } from '../../support/repository.ts'

const withSecret = `  secretObjects:
    - secretName: app
      type: Opaque
      data: [{ objectName: db, key: password }]
`
const migratedPod = (vault: string, name = 'web'): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name} # the name
  namespace: shop
  annotations:
    akv-injector.io/vault: ${vault}
    akv-injector.io/objects: |
      - { objectName: db, objectType: secret }
    akv-injector.io/client-id: 22222222-2222-2222-2222-222222222222
    akv-injector.io/mount-path: /kv
spec:
  serviceAccountName: web
  containers:
    - name: app
      image: app
`
const account = `apiVersion: v1
kind: ServiceAccount
metadata: { name: web, namespace: shop }
`
const environments: Texts = {
  'dev/kv.yaml': classText('dev-vault'),
  'dev/web.yaml': podText(),
  'prod/all.yml': `${account}---\n${classText('prod-vault')}---\n${podText()}`,
  'README.md': 'text',
  'other/config.yaml': 'kind: ConfigMap\nmetadata: { name: c }\n',
}

const broken = 'apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\na: [\n'

t.test('each file is edited in its place, and nothing else is touched', async (t) => {
  const { run, texts, commit } = makeRepository(t, environments)
  const { code, stdout, stderr } = await run(['migrate', '--write'])
  t.match({ code, stderr }, { code: 0, stderr: '' })
  t.equal(
    stdout,
    `dev: 1 file changed, 0 added, 1 deleted; 1 pod migrated, 1 object removed, 0 kept
prod: 1 file changed, 0 added, 0 deleted; 1 pod migrated, 1 object removed, 0 kept
`,
  )
  const { 'dev/kv.yaml': _, ...rest } = environments
  const after = {
    ...rest,
    'dev/web.yaml': migratedPod('dev-vault'),
    'prod/all.yml': `${account}---\n${migratedPod('prod-vault')}`,
  }
  t.strictSame(texts(), Object.fromEntries(Object.entries(after).toSorted()))

  commit()
  const again = await run(['migrate', '--write'])
  t.match(again, { code: 0, stdout: 'nothing to change\n' })
  t.strictSame(texts(), Object.fromEntries(Object.entries(after).toSorted()))
})

t.test('git apply makes the same files of the diffs of --dry-run', async (t) => {
  const other = (text: string) => text.replace('namespace: shop', 'namespace: other')
  const files: Texts = {
    ...environments,
    'dev/with space "and quotes".yaml': podText('other'),
    'app/class.yaml': other(classText('dev-vault', 'app') + withSecret),
    'app/crlf.yaml': other(podText('crlf', 'app')).replaceAll('\n', '\r\n'),
    'app/bom.yaml': other(`\uFEFF${podText('bom', 'app')}`),
    'app/no-line-break.yaml': other(podText('end', 'app').trimEnd()),
  }
  const { start, texts, git } = makeRepository(t, files)
  const before = texts()
  const dry = start('migrate', '--dry-run', '.')
  t.equal(dry.code, 0, dry.stderr)
  t.strictSame(texts(), before, 'a dry run changes nothing')
  t.match(dry.stdout, '--- /dev/null\n+++ b/app/serviceaccount-web.yaml\n')
  t.match(dry.stdout, '--- a/dev/kv.yaml\n+++ /dev/null\n')
  t.match(dry.stderr, 'dev: 2 files changed, 0 added, 1 deleted; 2 pods migrated')

  const written = start('migrate', '--write', '.')
  t.equal(written.code, 0, written.stderr)
  const after = texts()
  t.ok(after['app/serviceaccount-web.yaml'])
  t.equal(after['app/crlf.yaml'], other(migratedPod('dev-vault', 'crlf')).replaceAll('\n', '\r\n'))
  t.ok(after['app/bom.yaml']?.startsWith('\uFEFFapiVersion'))
  git('checkout', '--quiet', '.')
  git('clean', '--quiet', '--force')
  t.strictSame(texts(), before)
  writeFileSync(`${t.testdirName}.patch`, dry.stdout)
  git('apply', `${t.testdirName}.patch`)
  t.strictSame(texts(), after)
})

t.test('diffs of files outside of the current folder say where they apply', async (t) => {
  const { run, pathOf } = makeRepository(t, environments)
  const cwd = process.cwd()
  t.teardown(() => process.chdir(cwd))
  process.chdir(pathOf('dev'))
  const { stdout, stderr } = await run(['migrate', '--dry-run'])
  t.match(stderr, 'the diffs have paths from .; apply them there')
  t.match(stdout, '--- a/prod/all.yml\n+++ b/prod/all.yml\n')
  t.match(stdout, '--- a/dev/web.yaml\n')
})

t.test('files that git diff can’t show need --force', async (t) => {
  const { run, texts, pathOf, git } = makeRepository(t, environments)
  writeFileSync(pathOf('dev/web.yaml'), `# a change\n${podText()}`)
  const before = texts()
  const refused = await run(['migrate', '--write'])
  t.match(refused, {
    code: 1,
    stdout: '',
    stderr: /dev\/web\.yaml: has uncommitted changes\nnothing is written, because .* use --force/,
  })
  t.strictSame(texts(), before)

  git('stash', '--quiet')
  writeFileSync(pathOf('other/config.yaml'), 'kind: ConfigMap\nmetadata: { name: d }\n')
  writeFileSync(pathOf('dev/new.yaml'), podText('new'))
  t.match((await run(['migrate', '--write'])).stderr, /dev\/new\.yaml: is not in Git\n/)
  writeFileSync(pathOf('.gitignore'), 'dev/new.yaml\n')
  t.match((await run(['migrate', '--write'])).stderr, /dev\/new\.yaml: is not in Git\n/)
  const forced = await run(['migrate', '--write', '--force'])
  t.equal(forced.code, 0, forced.stderr)
  t.match(texts()['dev/new.yaml'], 'akv-injector.io/vault: dev-vault')
})

t.test('without Git there is no review', async (t) => {
  const { run, texts } = makeRepository(t, environments)
  const before = texts()
  const { PATH } = process.env
  t.teardown(() => Object.assign(process.env, { PATH }))
  process.env['PATH'] = ''
  const refused = await run(['migrate', '--write'])
  t.match(refused, { code: 1, stderr: /can't be compared with its commit: git: .*ENOENT/ })
  t.strictSame(texts(), before)
})

t.test('one file that can’t be read stops no other environment', async (t) => {
  const { run, texts } = makeRepository(t, { ...environments, 'staging/bad.yaml': broken })
  const { code, stderr } = await run(['migrate', '--write'])
  t.equal(code, 2)
  t.match(stderr, /^akv-injector: staging\/bad\.yaml:\d+:\d+: /)
  t.match(texts()['dev/web.yaml'], 'akv-injector.io/vault: dev-vault')
  t.match(texts()['prod/all.yml'], 'akv-injector.io/vault: prod-vault')
})

t.test('modes stay, and symbolic links aren’t replaced', async (t) => {
  const { run, pathOf, git, commit } = makeRepository(t, environments)
  chmodSync(pathOf('dev/web.yaml'), 0o640)
  mkdirSync(pathOf('links'))
  symlinkSync('../prod/all.yml', pathOf('links/all.yaml'))
  commit()
  const refused = await run(['migrate', '--write'], ['links/all.yaml'])
  t.match(refused, {
    code: 1,
    stderr: /links\/all\.yaml: is a symbolic link; name the file it leads to\nnothing is written\n/,
  })
  t.equal((await run(['migrate', '--write'])).code, 0)
  t.equal(statSync(pathOf('dev/web.yaml')).mode & 0o777, 0o640)
  t.notOk(existsSync(pathOf('dev/kv.yaml')))
  t.equal(git('status', '--porcelain'), ' D dev/kv.yaml\n M dev/web.yaml\n M prod/all.yml\n')
})

t.test('a new account gets a name that no file has', async (t) => {
  const { run, texts } = makeRepository(t, {
    'all.yaml': `${classText('team-vault')}${withSecret}---\n${podText()}`,
    'serviceaccount-web.yaml': 'kind: ConfigMap\nmetadata: { name: c }\n',
  })
  const { code, stdout, stderr } = await run(['migrate', '--write'], ['all.yaml'])
  t.equal(code, 0, stderr)
  t.match(stdout, '1 file changed, 1 added')
  t.match(texts()['serviceaccount-web-2.yaml'], 'kind: ServiceAccount')
})

t.test('a class stays if its account would be one that a kustomization doesn’t list', async (t) => {
  const { run, texts } = makeRepository(t, {
    'all.yaml': `${classText('team-vault')}${withSecret}---\n${podText()}`,
    'kustomization.yml': 'resources: [all.yaml]\n',
  })
  const { code, stderr } = await run(['migrate', '--write'], ['all.yaml'])
  t.equal(code, 0, stderr)
  t.match(texts()['all.yaml'], 'kind: SecretProviderClass')
  t.strictSame(Object.keys(texts()).toSorted(), ['all.yaml', 'kustomization.yml'])
  t.match(
    stderr,
    'ServiceAccount web is in none of these files; add it to the resources of kustomization.yml, and run this again',
  )
})

t.test('options that don’t go together are refused', async (t) => {
  const { run } = makeRepository(t, environments)
  t.match(await run(['migrate', '--force']), { code: 2, stderr: /--force needs --write/ })
  t.match(await run(['migrate', '--write', '-'], []), { code: 2, stderr: /not standard input/ })
})

t.test('without these options, folders become one stream', async (t) => {
  const { run, texts } = makeRepository(t, environments)
  const before = texts()
  const { code, stdout } = await run(['migrate'])
  t.equal(code, 0)
  t.strictSame(texts(), before)
  t.equal(stdout.match(/^kind: Pod$/gm)?.length, 2)
  const more = makeRepository(t, { ...environments, 'staging/bad.yaml': broken })
  t.match(await more.run(['migrate']), { code: 2, stdout, stderr: /staging\/bad\.yaml/ })
})

t.test('a link that leads nowhere isn’t replaced by an account', async (t) => {
  const { run, pathOf, git, commit } = makeRepository(t, {
    'dev/kv.yaml': classText('dev-vault') + withSecret,
    'dev/web.yaml': podText(),
  })
  symlinkSync('/nowhere', pathOf('dev/serviceaccount-web.yaml'))
  commit()
  const { stderr } = await run(['migrate', '--write'], ['dev/kv.yaml', 'dev/web.yaml'])
  t.equal(
    git('status', '--porcelain'),
    ' D dev/kv.yaml\n M dev/web.yaml\n?? dev/serviceaccount-web-2.yaml\n',
    stderr,
  )
})

t.test('files of a folder with two names are named', async (t) => {
  const { run, pathOf, git, commit } = makeRepository(t, environments)
  symlinkSync('dev', pathOf('alias'))
  commit()
  const refused = await run(['migrate', '--write'], ['dev', 'alias'])
  t.match(refused, {
    code: 1,
    stderr: 'alias/web.yaml: is the same file as dev/web.yaml; name one of their folders',
  })
  t.equal(git('status', '--porcelain'), '')
})

t.test('filters of the repository don’t run', async (t) => {
  const { run, pathOf, git, commit } = makeRepository(t, {
    ...environments,
    '.gitattributes': '*.yaml filter=a=b\n',
  })
  commit()
  git('config', 'filter.a=b.clean', `touch '${pathOf('ran')}'; cat`)
  git('config', 'filter.a=b.required', 'true')
  utimesSync(pathOf('dev/web.yaml'), 1, 1)
  const { code, stderr } = await run(['migrate', '--write'])
  t.equal(code, 0, stderr)
  t.notOk(existsSync(pathOf('ran')))
  git('add', 'dev/web.yaml')
  t.ok(existsSync(pathOf('ran')))
})
