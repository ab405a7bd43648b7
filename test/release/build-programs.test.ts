import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import packageJson from '../../package.json' with { type: 'json' }
import { buildPrograms, type LockedPackage, unknownPrograms } from '../../release/build-programs.ts'

const lockFile = join(import.meta.dirname, '../../package-lock.json')
const { packages }: { readonly packages: Readonly<Record<string, LockedPackage>> } = JSON.parse(
  readFileSync(lockFile, 'utf8'),
)

t.test('each package that can run a program during a build is named, with its version', (t) => {
  t.strictSame(unknownPrograms(packages), [])
  const names = Object.keys(packages)
  for (const { name } of buildPrograms)
    t.ok(
      names.some((folder) => folder.startsWith(`node_modules/${name}`)),
      `${name} is still there`,
    )
  const scripts = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript)
  t.strictSame(
    scripts.map(([folder]) => folder.replace('node_modules/', '')).toSorted(),
    Object.keys(packageJson.allowScripts).toSorted(),
    'allowScripts decides about each install script',
  )
  t.end()
})

t.test('a new one, another version, and one without a digest are told', (t) => {
  const integrity = 'sha512-x'
  const wrong = (folder: string, locked: LockedPackage) => unknownPrograms({ [folder]: locked })
  t.match(wrong('node_modules/a/node_modules/new', { version: '1.0.0', hasInstallScript: true }), [
    /^new 1\.0\.0 has an install script or a program for one platform/,
  ])
  for (const place of ['os', 'cpu', 'libc'])
    t.match(wrong('node_modules/@x/new', { version: '1.0.0', [place]: ['any'] }), [/^@x\/new 1/])
  t.match(wrong('node_modules/nodes', { hasInstallScript: true, version: '24.21.0', integrity }), [
    /^nodes /,
  ])
  t.match(wrong('node_modules/@esbuild/x', { os: ['any'], version: '9.0.0', integrity }), [
    /^@esbuild\/x is locked at 9\.0\.0, but release\/build-programs\.ts names /,
  ])
  const esbuild = buildPrograms.find(({ name }) => name === 'esbuild')
  t.match(wrong('node_modules/esbuild', { ...esbuild, hasInstallScript: true }), [/no sha512/])
  t.strictSame(wrong('node_modules/plain', { version: '1.0.0' }), [])
  t.end()
})
