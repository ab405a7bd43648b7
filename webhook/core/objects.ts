import type { WantedFile, WantedTemplate, WantedVariable } from '../../init-agent/contract.ts'
import type { Parsed } from '../../keyvault/reference.ts'
import { printable } from '../../text/printable.ts'
import type { Annotations } from './annotations.ts'
import { parseCsiObjects } from './csi-objects.ts'
import { type Entry, parseObjectList } from './object-list.ts'
import { maxProblems, type Problem } from './outcome.ts'
import { countOpenings, parseTemplate } from './template.ts'
import { annotationPrefix, templatePrefix } from './vocabulary.ts'
import { wantedFile, wantedVariable } from './wanted.ts'

/** More would not fit into the agent's configuration. */
const maxTemplateWeight = 2000

/** The objects that a pod's annotations name, by where they go. */
export interface Objects {
  readonly files: readonly WantedFile[]
  readonly templates: readonly WantedTemplate[]
  readonly env: readonly WantedVariable[]
  readonly problems: readonly Problem[]
}

/**
 * Reads the annotations that name objects: `secrets`, `objects`, `template.FILE` and `env`.
 *
 * @param own - the annotations, prefix removed
 */
export function readObjects(own: Annotations, defaultVault?: string): Objects {
  const problems: Problem[] = []
  const report = (key: string, sentences: readonly string[]) => {
    for (const sentence of sentences.slice(0, Math.max(0, maxProblems - problems.length)))
      problems.push({ subject: annotationPrefix + key, sentence })
  }
  const readList = <T>(key: string, toWanted: (entry: Entry) => Parsed<T>): readonly T[] => {
    const list = parseObjectList(own[key] ?? '', defaultVault)
    report(key, list.problems)
    return list.entries.flatMap((entry) => {
      const wanted = toWanted(entry)
      if ('value' in wanted) return [wanted.value]
      report(key, [
        `entry "${printable(entry.target ?? entry.reference.object.name)}": ${wanted.problem}`,
      ])
      return []
    })
  }

  const files = readList('secrets', wantedFile)
  const csi =
    own['objects'] === undefined
      ? { files: [], problems: [] }
      : parseCsiObjects(own['objects'], defaultVault)
  report('objects', csi.problems)
  const templateKeys = Object.keys(own).filter((key) => key.startsWith(templatePrefix))
  const weight = templateKeys.reduce((sum, key) => sum + 1 + countOpenings(own[key] ?? ''), 0)
  if (weight > maxTemplateWeight)
    report(`${templatePrefix}FILE`, [
      `the templates are too large: ${maxTemplateWeight} of them and of "\${" in them together at most`,
    ])
  const templates = (weight > maxTemplateWeight ? [] : templateKeys)
    .sort()
    .map((key): WantedTemplate => {
      const { segments, problems: sentences } = parseTemplate(own[key] ?? '', defaultVault)
      report(printable(key), sentences)
      if (key.includes('/'))
        report(printable(key), [
          'a key has one slash, behind the prefix: a template is a file without a folder',
        ])
      return { path: key.slice(templatePrefix.length), segments }
    })
  const env = readList('env', wantedVariable)
  return { files: [...files, ...csi.files], templates, env, problems }
}
