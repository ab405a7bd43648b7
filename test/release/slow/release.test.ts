import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import packageJson from '../../../package.json' with { type: 'json' }
import { renderInstallYaml } from '../../../release/render-install-yaml.ts'
import { buildBaseImage } from '../../cluster/node/images/base-image.ts'
import { withBuildah } from '../../cluster/node/images/buildah.ts'
import { findDebianPrograms } from '../../cluster/node/machine/debian-programs.ts'
import { executeApart } from '../../cluster/node/machine/execute.ts'
import { cacheFolder } from '../../cluster/parts/find-parts.ts'
import { withoutHelm } from '../../manifests/helm.ts'
import { isInCi } from '../../support/needs/in-ci.ts'
import { skipped } from '../../support/needs/without.ts'

/**
 * Makes a release twice, for this machine's platform only and with a substitute for Docker's image, because no registry of
 * images is needed then.
 */
const { version } = packageJson
const programs = findDebianPrograms({ install: isInCi() })
const skip = programs.kind === 'invalid' ? skipped('debian', programs.problem) : withoutHelm
const repository = 'registry.example/akv-injector'
const platform = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`
const cache = join(dirname(cacheFolder(process.env, 'kubernetes')), 'images')

const script = join(import.meta.dirname, '../../../release/make-release.ts')

function makeReleases(...folders: readonly string[]): void {
  withBuildah((buildah) => {
    const base = buildBaseImage(buildah, cache)
    for (const [i, out] of folders.entries()) {
      const umask = i === 0 ? '022' : '077'
      const withUmask = ['-c', 'umask "$0" && exec "$@"', umask, process.execPath, script]
      const options = ['--image', repository, '--platform', platform, '--base', base, '--out', out]
      executeApart('/bin/sh', [...withUmask, ...options], buildah.env)
    }
  })
}

t.test(
  'a release has all its files, and making it again gives the same bytes, whatever the umask is',
  { skip },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'akv-injector-release-test-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const [first, second] = [join(folder, 'one'), join(folder, 'two')]
    makeReleases(first, second)
    const names = readdirSync(first).sort()
    t.strictSame(names, [
      'LICENSE',
      'RELEASE-NOTES.md',
      'SHA256SUMS',
      'THIRD-PARTY-NOTICES.txt',
      `akv-injector-${version}.cdx.json`,
      `akv-injector-${version}.tgz`,
      `akv-injector-chart-${version}.tgz`,
      `akv-injector-image-${version}.cdx.json`,
      `akv-injector-image-${version}.tar`,
      `akv-injector-playground-${version}.html`,
      `akv-injector-site-${version}.THIRD-PARTY-NOTICES.txt`,
      `akv-injector-site-${version}.tgz`,
      'akv-injector.yaml',
      'install.yaml',
    ])
    t.strictSame(readdirSync(second).sort(), names)
    for (const name of names)
      t.ok(readFileSync(join(first, name)).equals(readFileSync(join(second, name))), name)
    execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: first })

    const read = (name: string) => readFileSync(join(first, name), 'utf8')
    const [, digest = ''] =
      /image: registry\.example\/akv-injector@(\S+)/.exec(read('install.yaml')) ?? []
    t.match(read('RELEASE-NOTES.md'), `${repository}@${digest}`)
    checkImage(t, { archive: join(first, `akv-injector-image-${version}.tar`), digest })

    const user = join(folder, 'user')
    mkdirSync(user)
    const install = ['install', '--offline', '--silent', '--no-audit', '--no-fund']
    execFileSync('npm', [...install, join(first, `akv-injector-${version}.tgz`)], { cwd: user })
    const command = join(user, 'node_modules/.bin/akv-injector')
    const answer = execFileSync(process.execPath, [command, '--version'], { encoding: 'utf8' })
    t.equal(answer, `${version}\n`)

    const components = (name: string) =>
      JSON.parse(read(name)).components.map((component: { name: string }) => component.name)
    t.ok(components(`akv-injector-image-${version}.cdx.json`).includes('node'))
    t.notOk(components(`akv-injector-${version}.cdx.json`).includes('node'), 'the package has none')

    const chart = join(first, `akv-injector-chart-${version}.tgz`)
    const rendered = renderInstallYaml({ chart, comment: '' })
    t.ok(read('install.yaml').endsWith(rendered), 'the chart names the image by itself')
  },
)

t.test('a release that fails leaves no files behind', { skip }, async (t) => {
  const out = join(t.testdir(), 'out')
  const options = ['--platform', platform, '--base', 'localhost/absent', '--out', out]
  const { status } = spawnSync(process.execPath, [script, ...options])
  t.equal(status, 1)
  t.strictSame(readdirSync(out), [])
})

/** The archive is an OCI layout (https://github.com/opencontainers/image-spec/blob/main/image-layout.md). */
function checkImage(
  t: Test,
  { archive, digest }: { readonly archive: string; readonly digest: string },
): void {
  const layout = join(dirname(archive), '../layout')
  mkdirSync(layout)
  execFileSync('tar', ['-xf', archive, '-C', layout])
  const json = (path: string) => JSON.parse(readFileSync(join(layout, path), 'utf8'))
  const blob = (name: string) => join('blobs', name.replace(':', '/'))
  t.match(json('oci-layout'), { imageLayoutVersion: '1.0.0' })
  const { manifests } = json('index.json')
  t.equal(manifests.length, 1)
  t.match(manifests[0], {
    digest,
    annotations: { 'org.opencontainers.image.ref.name': `${repository}:${version}` },
  })
  const bytes = readFileSync(join(layout, blob(digest)))
  t.equal(`sha256:${createHash('sha256').update(bytes).digest('hex')}`, digest)
  const { config } = json(blob(digest))
  t.match(json(blob(config.digest)), {
    os: 'linux',
    config: { User: '65532:65532', Labels: { 'org.opencontainers.image.version': version } },
  })
}
