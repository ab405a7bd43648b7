/** A package that runs code of its own on the machine that builds a release. */
interface BuildProgram {
  /** Of npm's package, or the start of the names of one for each platform. */
  readonly name: string
  readonly version: string
}

/**
 * The packages that have an install script or a program for one platform. All others are JavaScript in `node_modules`, which can
 * be read. A test compares this list with the lock file, which also has the digest of each: whoever adds or updates one changes
 * this list on purpose, and reads what the new version does.
 *
 * `node` downloads its program in its install script, from npm's package for the platform, which the lock file doesn't cover.
 */
export const buildPrograms: readonly BuildProgram[] = [
  { name: 'node', version: '24.21.0' },
  { name: 'esbuild', version: '0.28.2' },
  { name: '@esbuild/', version: '0.28.2' },
  // For checks and tests. A build doesn't start them, but npm installs them beside it.
  { name: '@biomejs/cli-', version: '2.6.8' },
  { name: '@typescript/typescript-', version: '7.0.2' },
  { name: '@typescript/native-preview-', version: '7.0.0-dev.20260707.2' },
]

/** What the lock file says of a package. */
export interface LockedPackage {
  readonly version?: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

/**
 * What is wrong with the packages of a lock file that run code of their own during a build, in a sentence each.
 *
 * @param packages - by their folders, as in `package-lock.json`
 */
export function unknownPrograms(
  packages: Readonly<Record<string, LockedPackage>>,
): readonly string[] {
  return Object.entries(packages).flatMap(([folder, locked]) => {
    const { version, integrity, hasInstallScript, os, cpu, libc } = locked
    if (hasInstallScript !== true && (os ?? cpu ?? libc) === undefined) return []
    const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const known = buildPrograms.find((one) =>
      /[/-]$/.test(one.name) ? name.startsWith(one.name) : name === one.name,
    )
    if (known === undefined)
      return `${name} ${version} has an install script or a program for one platform, and release/build-programs.ts doesn't name it; read what it does, then add it`
    if (version !== known.version)
      return `${name} is locked at ${version}, but release/build-programs.ts names ${known.version}; read what has changed, then name the new version`
    if (!/^sha512-/.test(integrity ?? ''))
      return `${name} ${version} has no sha512 digest in the lock file; install it again from the registry`
    return []
  })
}
