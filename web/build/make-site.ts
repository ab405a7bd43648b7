import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundledPackages } from '../../image/bundled-packages.ts'
import { thirdPartyNotices } from '../../image/third-party-notices.ts'
import { bundleScript } from './bundle-script.ts'
import { makeDocs } from './make-docs.ts'
import { makePlayground } from './make-playground.ts'

const root = join(import.meta.dirname, '../..')

/**
 * Makes the files of the site, by their paths. The same sources give the same bytes. No file names another one by more than a
 * relative path, so the site works below any path, and from a disk.
 *
 * @throws Error if a link of the docs is broken
 */
export async function makeSite(): Promise<ReadonlyMap<string, string>> {
  const { files, entries } = makeDocs(root)
  const [playground, page, search] = await Promise.all([
    makePlayground('index.html'),
    bundleScript('web/docs/main.ts'),
    bundleScript('web/docs/search.ts'),
  ])
  const read = (path: string) => readFileSync(join(root, path), 'utf8')
  const packages = [
    ...playground.packages,
    ...[page, search].flatMap(({ metafile }) => bundledPackages(metafile, root)),
  ]
  return new Map([
    ...files,
    ['playground.html', playground.html],
    ['docs.css', read('web/docs/docs.css')],
    ['docs.js', page.text],
    ['search.js', `var searchEntries=${JSON.stringify(entries)};\n${search.text}`],
    ['LICENSE.txt', read('LICENSE')],
    ['THIRD-PARTY-NOTICES.txt', thirdPartyNotices(packages)],
  ])
}
