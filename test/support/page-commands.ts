import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Returns the code blocks of a language in a section of a page, without the sections below it. */
export function codeBlocks(options: {
  /** `docs/from-csi.md` */
  readonly page: string
  readonly heading: string
  readonly language: 'sh' | 'yaml'
}): readonly string[] {
  const { page, heading, language } = options
  const text = readFileSync(join(root, page), 'utf8')
  const start = text.search(new RegExp(`^#+ ${heading.replaceAll(/[.?]/g, '\\$&')}$`, 'm'))
  if (start < 0) throw new Error(`${page} has no heading "${heading}"`)
  const [, section = ''] = /\n([\s\S]*?)(?=\n#+ |$(?!\n))/.exec(text.slice(start)) ?? []
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block = '']) => block,
  )
}

/** Returns the commands in a section of a page, each with its continuation lines. */
export const pageCommands = (page: string, heading: string): readonly string[] =>
  codeBlocks({ page, heading, language: 'sh' }).flatMap((block) =>
    block
      .replaceAll(/\\\n\s*/g, '')
      .split('\n')
      .filter((line) => line !== ''),
  )

/** Returns all shell blocks of a page as one script, in the order of the page. */
export const pageScript = (page: string): string =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    .map(([, block = '']) => block)
    .join('\n')
