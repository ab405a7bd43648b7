import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packFolder } from '../image/pack-folder.ts'
import { makePlayground } from '../web/build/make-playground.ts'
import { makeSite } from '../web/build/make-site.ts'
import { writeSite } from '../web/build/write-site.ts'

/**
 * Writes what a release has of the site: all of it as one archive, the playground alone as one file, and the licences of the packages in
 * both. Needs GNU tar.
 */
export async function packSite(out: string, version: string): Promise<void> {
  const site = await makeSite()
  const { html } = await makePlayground()
  writeFileSync(join(out, `akv-injector-playground-${version}.html`), html)
  const notices = 'THIRD-PARTY-NOTICES.txt'
  writeFileSync(join(out, `akv-injector-site-${version}.${notices}`), site.get(notices) ?? '')
  const parent = mkdtempSync(join(tmpdir(), 'akv-injector-site-'))
  try {
    const folder = join(parent, `akv-injector-site-${version}`)
    writeSite(site, folder)
    packFolder({
      folder,
      as: 'folder',
      archive: join(out, `akv-injector-site-${version}.tgz`),
    })
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}
