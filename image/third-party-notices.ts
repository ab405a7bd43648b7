import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BundledPackage } from './bundled-packages.ts'

/** Names such as LICENSE, license.md, UNLICENSE, COPYING, NOTICE, CopyrightNotice.txt, ThirdPartyNotices.txt. */
const isNotice = (file: string): boolean => /licen[cs]e|copying|notice/i.test(file)

/**
 * The licences and notices of the bundled packages, word for word, as nearly all of the licences require of copies. The
 * bundle itself can't contain them, because it is minified. A package of several bundles is listed once.
 */
export function thirdPartyNotices(packages: readonly BundledPackage[]): string {
  const once = new Map(packages.map((found) => [found.folder, found]))
  const parts = [...once.values()].map((found) => [heading(found), ...texts(found)].join('\n\n'))
  return `${parts.join('\n\n\n')}\n`
}

const heading = ({ name, version, license }: BundledPackage): string =>
  `${'='.repeat(80)}\n${name} ${version}\nLicence: ${license ?? 'see below'}`

function texts({ folder }: BundledPackage): readonly string[] {
  const notices = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && isNotice(entry.name))
    .map(({ name }) => name)
    .sort()
  return notices.map((name) => readFileSync(join(folder, name), 'utf8').trim())
}
