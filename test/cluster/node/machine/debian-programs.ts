import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { invalid, type Parsed, valid } from '../../../../lib/problems/parsed.ts'
import { isProgram } from '../../parts/is-program.ts'

export interface DebianPrograms {
  readonly runc: string
  readonly busybox: string
  /** The folder of the CNI plugins. */
  readonly pluginFolder: string
}

/** The programs of Debian that a node needs, and the package of each. */
const packages = {
  runc: 'runc',
  buildah: 'buildah',
  mmdebstrap: 'mmdebstrap',
  busybox: 'busybox-static',
  ip: 'iproute2',
  unshare: 'util-linux',
  setpriv: 'util-linux',
} as const
const aptTimeoutMs = 600_000
/** Debian's folder first, then the folders of other distributions. */
const pluginFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni']

/**
 * Finds the programs that a node needs and that we don't build.
 *
 * @param options.install - whether to install missing Debian packages
 * @returns the paths, or the reason why a node isn't possible
 */
export function findDebianPrograms({
  install,
}: {
  readonly install: boolean
}): Parsed<DebianPrograms> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return invalid('A node needs Linux and root.')
  const missing = missingPackages()
  if (missing.length > 0 && install && findProgram('apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env, timeout: aptTimeoutMs })
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env,
      timeout: aptTimeoutMs,
    })
    return findDebianPrograms({ install: false })
  }
  if (missing.length > 0)
    return invalid(
      `A node needs programs that are not installed: apt-get install ${missing.join(' ')}`,
    )
  return valid({
    runc: findProgram('runc') ?? '',
    busybox: findProgram('busybox') ?? '',
    pluginFolder: findPluginFolder() ?? '',
  })
}

const missingPackages = (): string[] => [
  ...new Set(
    Object.entries(packages)
      .filter(([program]) => findProgram(program) === undefined)
      .map(([, name]) => name),
  ),
  ...(findPluginFolder() ? [] : ['containernetworking-plugins']),
]

const findPluginFolder = () => pluginFolders.find((folder) => existsSync(join(folder, 'bridge')))

function findProgram(name: string): string | undefined {
  // The PATH of some shells lacks these folders.
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isProgram)
}
