import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { revision } from '../image/build-image.ts'
import { buildImageArchive } from '../image/build-image-archive.ts'
import { packFolder } from '../image/pack-folder.ts'
import { reasonOf } from '../lib/reason-of.ts'
import { createProgress } from '../lib/terminal/terminal-progress.ts'
import packageJson from '../package.json' with { type: 'json' }
import { checkMaintainers } from './check-maintainers.ts'
import { krewManifest } from './krew-manifest.ts'
import { packNpmPackage } from './pack-npm-package.ts'
import { packSite } from './pack-site.ts'
import { copyChart, type ReleasedImage } from './package-chart.ts'
import { type ChangelogEntry, findChangelogEntry, releaseNotes } from './release-notes.ts'
import { renderInstallYaml } from './render-install-yaml.ts'
import { sha256, sumFiles } from './sum-files.ts'

const root = join(import.meta.dirname, '..')
const { version } = packageJson

interface ReleaseOptions {
  /** A folder that doesn't exist yet, or is empty. */
  readonly out: string
  /** The name under which the image is published, without tag and digest. */
  readonly image: string
  readonly platform: string
  readonly base?: string
  /** The Git tag of the release. Without it, the release is a trial, and the changelog may lack a date. */
  readonly tag?: string
}

/**
 * Makes the files of a release (docs/releases.md, "Files"). The same commit and tools give the same bytes. If it fails, the
 * folder is empty again.
 *
 * @throws Error if the folder has files, the tag or the changelog doesn't match the version, or a tool fails
 */
async function makeRelease(options: ReleaseOptions): Promise<void> {
  const entry = checkedEntry(options)
  const out = resolve(options.out)
  if (existsSync(out) && readdirSync(out).length > 0)
    throw new Error(`${options.out} has files; name a new folder`)
  mkdirSync(out, { recursive: true })
  try {
    await makeFiles({ ...options, out }, entry)
  } catch (error) {
    for (const name of readdirSync(out)) rmSync(join(out, name))
    throw error
  }
}

async function makeFiles(options: ReleaseOptions, entry: ChangelogEntry): Promise<void> {
  const { out, image: repository, platform, base } = options
  const inOut = (name: string) => join(out, name)

  progress.show('packing the npm package')
  const npmPackage = `akv-injector-${version}.tgz`
  packNpmPackage(inOut(npmPackage))
  const packageDigest = sha256(inOut(npmPackage))
  writeFileSync(
    inOut('akv-injector.yaml'),
    krewManifest({ name: npmPackage, sha256: packageDigest }),
  )
  cpSync(join(root, 'dist/sbom.cdx.json'), inOut(`akv-injector-${version}.cdx.json`))
  cpSync(join(root, 'dist/THIRD-PARTY-NOTICES.txt'), inOut('THIRD-PARTY-NOTICES.txt'))
  cpSync(join(root, 'LICENSE'), inOut('LICENSE'))

  progress.show('making the site')
  await packSite(out, version)

  progress.show('building the image')
  const digest = await buildImageArchive({
    tag: `${repository}:${version}`,
    platform,
    // Two builds with docker were never compared.
    engines: ['buildah', 'podman'],
    compression: 'gzip',
    archive: inOut(`akv-injector-image-${version}.tar`),
    bill: inOut(`akv-injector-image-${version}.cdx.json`),
    ...(base === undefined ? {} : { base }),
  })

  progress.show('packing the chart')
  const image = { repository, digest }
  writeManifests(out, image)
  writeFileSync(inOut('RELEASE-NOTES.md'), releaseNotes({ version, entry, image, packageDigest }))
  writeFileSync(inOut('SHA256SUMS'), sumFiles(out))
}

function checkedEntry({ tag }: ReleaseOptions): ChangelogEntry {
  const entry = findChangelogEntry(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
  if (entry === undefined)
    throw new Error(`CHANGELOG.md has no section "## [${version}] - DATE" for this version`)
  if (tag === undefined) return entry
  if (tag !== `v${version}`)
    throw new Error(`the tag is ${tag}, but package.json has the version ${version}: v${version}`)
  if (revision().endsWith('-dirty'))
    throw new Error(
      'this checkout has changes that are not committed, so nobody could make it again',
    )
  if (!/^\d{4}-\d\d-\d\d$/.test(entry.date))
    throw new Error(`CHANGELOG.md has no date for ${version}: write "## [${version}] - YYYY-MM-DD"`)
  checkMaintainers(readFileSync(join(root, 'manifests/chart/Chart.yaml'), 'utf8'))
  return entry
}

function writeManifests(out: string, image: ReleasedImage): void {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-release-'))
  try {
    const chart = copyChart(folder, image)
    // npm's package has the name that Helm would use.
    packFolder({
      folder: chart,
      as: 'folder',
      archive: join(out, `akv-injector-chart-${version}.tgz`),
    })
    const comment = `# akv-injector ${version}: the chart, rendered with its default values. To use a mirror, replace
# ${image.repository} and keep the digest.
`
    const rendered = renderInstallYaml({ chart, comment })
    writeFileSync(join(out, 'install.yaml'), rendered)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const progress = createProgress()

if (import.meta.main) {
  try {
    const { out, ...options } = readOptions()
    if (out === undefined) throw new Error('name a new folder for the files: --out DIR')
    await makeRelease({ out, ...options }).finally(progress.hide)
    console.log(`${readFileSync(join(out, 'SHA256SUMS'), 'utf8')}\nThese files are in ${out}.`)
  } catch (error) {
    console.error(`npm run release: ${reasonOf(error)}`)
    process.exitCode = 1
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      out: { type: 'string' },
      image: { type: 'string', default: 'ghcr.io/akv-injector/akv-injector' },
      platform: { type: 'string', default: 'linux/amd64,linux/arm64' },
      base: { type: 'string' },
      tag: { type: 'string' },
    },
  })
  return values
}
