import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packFolder } from '../image/pack-folder.ts'

const root = join(import.meta.dirname, '..')

/**
 * Makes the npm package. `npm pack` keeps the modes of files, which depend on the umask, so its archive is packed again. Leaves
 * the package's `dist/` in the checkout.
 */
export function packNpmPackage(archive: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'akv-injector-package-'))
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [packed = ''] = readdirSync(folder)
    execFileSync('tar', ['-xzf', join(folder, packed), '-C', folder])
    packFolder({ folder: join(folder, 'package'), as: 'folder', archive })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
