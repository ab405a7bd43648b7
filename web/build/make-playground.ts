import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BundledPackage, bundledPackages } from '../../image/bundled-packages.ts'
import { bundleScript, bundleWorker } from './bundle-script.ts'
import { fillTemplate } from './fill-template.ts'

const root = join(import.meta.dirname, '../..')

interface Playground {
  /** The page, which is one file and needs no other. */
  readonly html: string
  /** Those of the worker and of the script, so one may be there twice. */
  readonly packages: readonly BundledPackage[]
}

/**
 * Makes the playground. The same sources give the same bytes. The policy allows exactly this script and this style, and a worker
 * from a blob of the page. No request to any host is allowed.
 *
 * @param docs - where the docs are. Without it, the page is alone and has no link
 */
export async function makePlayground(docs?: string): Promise<Playground> {
  const [worker, script] = await Promise.all([bundleWorker(), bundleScript('web/page/main.ts')])
  const read = (name: string) => readFileSync(join(root, 'web/page', name), 'utf8')
  const style = read('playground.css')
  const parts = {
    docs:
      docs === undefined
        ? ''
        : `<nav aria-label="Pages"><a href="${docs}">akv-injector: the docs</a></nav>`,
    style,
    script: withoutTags(script.text),
    data: dataBlock({ worker: worker.text, examples: readExamples() }),
    policy: [
      "default-src 'none'",
      `script-src ${hashOf(script.text)}`,
      `style-src ${hashOf(style)}`,
      'worker-src blob:',
      "base-uri 'none'",
      "form-action 'none'",
    ].join('; '),
  }
  return {
    html: fillTemplate(read('playground.html'), parts),
    packages: [worker, script].flatMap(({ metafile }) => bundledPackages(metafile, root)),
  }
}

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** HTML would end the script at such a tag. esbuild writes strings without them. */
function withoutTags(script: string): string {
  const tag = /<(?:\/?script|!--)/i.exec(script)?.[0]
  if (tag !== undefined) throw new Error(`the script has ${tag}, at which HTML would end it`)
  return script
}

/** JSON inside of a script element, which runs nothing. HTML finds no tag in it. */
const dataBlock = (data: object): string => JSON.stringify(data).replaceAll('<', '\\u003c')

/** The examples that run, and others to migrate or to correct. `vault.yaml` is data, not a manifest. */
function readExamples() {
  return ['manifests/examples', 'web/examples'].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((file) => file.endsWith('.yaml') && file !== 'vault.yaml')
      .sort()
      .map((file) => ({
        name: file.replace('.yaml', '').replaceAll('-', ' '),
        text: readFileSync(join(root, folder, file), 'utf8'),
      })),
  )
}
