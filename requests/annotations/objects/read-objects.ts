import {
  isVariableName,
  maxFinds,
  type WantedFile,
  type WantedFind,
  type WantedTemplate,
  type WantedVariable,
} from '../../../delivery/contract.ts'
import { targetPathProblem } from '../../../delivery/target-path.ts'
import { printable } from '../../../lib/printable.ts'
import { invalid, type Parsed } from '../../../lib/problems/parsed.ts'
import {
  describeProblem,
  maxProblems,
  type Problem,
  type ProblemField,
} from '../../../lib/problems/problem.ts'
import {
  type Annotations,
  annotationPrefix,
  ownPath,
  templatePrefix,
} from '../keys/own-annotations.ts'
import { type Entry, type FindEntry, parseObjectList } from './parse-object-list.ts'
import { countOpenings, parseTemplate } from './parse-template.ts'
import { parseCsiObjects } from './read-csi-objects.ts'
import type { Requested } from './requested.ts'
import { variableNameProblem } from './target-problems.ts'
import { toWantedFile, toWantedFind, toWantedVariable } from './to-wanted.ts'

/** More templates and references would not fit into the agent's configuration. */
const maxTemplateWeight = 2000

/** The objects that a pod's annotations request, by destination. */
export interface RequestedObjects {
  readonly files: readonly Requested<WantedFile>[]
  readonly finds: readonly Requested<WantedFind>[]
  readonly templates: readonly Requested<WantedTemplate>[]
  readonly env: readonly Requested<WantedVariable>[]
  readonly problems: readonly Problem[]
}

/**
 * Reads the annotations that name objects: `secrets`, `objects`, `template.FILE` and `env`.
 *
 * @param annotations - the annotations, prefix removed
 */
export function readObjects(annotations: Annotations, defaultVault?: string): RequestedObjects {
  const secrets = readList(annotations, {
    key: 'secrets',
    defaultVault,
    toWanted: toWantedFile,
    toFind: toWantedFind,
    targetProblem: targetPathProblemOfAnyType,
  })
  const objects = readCsi(annotations, defaultVault)
  const templates = readTemplates(annotations, defaultVault)
  const env = readList(annotations, {
    key: 'env',
    defaultVault,
    toWanted: toWantedVariable,
    toFind: () => invalid('"find:" writes files, not variables; use akv-injector.io/secrets'),
    targetProblem: (name) => (isVariableName(name) ? undefined : variableNameProblem(name)),
  })
  return {
    files: [...secrets.requested, ...objects.requested],
    finds: secrets.finds,
    templates: templates.requested,
    env: env.requested,
    problems: [secrets, objects, templates, env]
      .flatMap(({ problems }) => problems)
      .concat(countProblems(secrets.finds))
      .slice(0, maxProblems),
  }
}

interface ReadList<T> {
  readonly requested: readonly Requested<T>[]
  readonly problems: readonly Problem[]
}

function readList<T>(
  annotations: Annotations,
  list: {
    readonly key: 'secrets' | 'env'
    readonly defaultVault: string | undefined
    readonly toWanted: (entry: Entry) => Parsed<T>
    readonly toFind: (entry: FindEntry) => Parsed<WantedFind>
    readonly targetProblem: (target: string) => string | undefined
  },
): ReadList<T> & { readonly finds: readonly Requested<WantedFind>[] } {
  const { entries, finds, problems: unread } = parseObjectList(annotations[list.key] ?? '', list)
  const problems: Problem[] = unread.map(({ location, sentence }) => ({
    ...fieldIn(list.key, location),
    sentence,
  }))
  const request = <Value>(location: string, wanted: Parsed<Value>): Requested<Value>[] => {
    const field = fieldIn(list.key, location)
    if (wanted.kind === 'valid') return [{ field, wanted: wanted.value }]
    problems.push({ ...field, sentence: wanted.problem })
    return []
  }
  return {
    requested: entries.flatMap((entry) => request(entry.location, list.toWanted(entry))),
    finds: finds.flatMap((entry) => request(entry.location, list.toFind(entry))),
    problems,
  }
}

/** The agent refuses a configuration with more. */
const countProblems = ({ length }: readonly unknown[]): readonly Problem[] =>
  length <= maxFinds
    ? []
    : [{ ...fieldIn('secrets'), sentence: `found ${length} finds; accepted: at most ${maxFinds}` }]

/** The field for problems of an annotation, or of an entry of its list. */
const fieldIn = (key: string, location?: string): ProblemField => ({
  path: ownPath(key),
  ...(location !== undefined && { subject: `${annotationPrefix}${key}, ${location}` }),
})

/** Checks the path of an entry whose type isn't known. `.` and a slash at the end are valid for types that write folders. */
const targetPathProblemOfAnyType = (target: string): string | undefined =>
  target === '.' ? undefined : targetPathProblem(target.replace(/\/$/, ''))

function readCsi(annotations: Annotations, defaultVault?: string): ReadList<WantedFile> {
  if (annotations['objects'] === undefined) return { requested: [], problems: [] }
  const { files, problems } = parseCsiObjects(annotations['objects'], { vault: defaultVault })
  return {
    requested: files.map(({ location, file }) => ({
      field: fieldIn('objects', location),
      wanted: file,
    })),
    problems: problems.map((problem) => ({
      ...fieldIn('objects'),
      sentence: describeProblem(problem),
    })),
  }
}

function readTemplates(annotations: Annotations, defaultVault?: string): ReadList<WantedTemplate> {
  const keys = Object.keys(annotations).filter((key) => key.startsWith(templatePrefix))
  const weight = keys.reduce((sum, key) => sum + 1 + countOpenings(annotations[key] ?? ''), 0)
  if (weight > maxTemplateWeight) {
    const sentence = `found ${weight} templates and "\${" in total; accepted: at most ${maxTemplateWeight}`
    return {
      requested: [],
      problems: [{ path: ownPath(`${templatePrefix}FILE`), sentence }],
    }
  }
  const problems: Problem[] = []
  const requested = keys.sort().map((key): Requested<WantedTemplate> => {
    const field = { path: ownPath(key), subject: annotationPrefix + printable(key) }
    const { segments, problems: sentences } = parseTemplate(annotations[key] ?? '', defaultVault)
    problems.push(...sentences.map((sentence) => ({ ...field, sentence })))
    if (key.includes('/'))
      problems.push({
        ...field,
        sentence:
          'an annotation key can have only one slash, after the prefix; use a file name without "/"',
      })
    return { field, wanted: { path: key.slice(templatePrefix.length), segments } }
  })
  return { requested, problems }
}
