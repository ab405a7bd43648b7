import { printable } from '../../lib/printable.ts'
import { describePath, problemWithin } from '../../lib/problems/problem.ts'
import {
  below,
  checked,
  type Field,
  isFull,
  only,
  type Read,
  refused,
  report,
  reportValue,
  someOf,
  text,
  textAs,
} from '../../lib/problems/read.ts'
import { isObject } from '../../lib/shape.ts'
import { parseSecretName } from '../account/secret-entry.ts'
import type { ComposedTemplate, Composition } from '../secret/composition.ts'
import { type Labels, readLabels, readSecretAnnotations } from '../secret/labels.ts'
import type { RequestedSecret } from '../secret/requested-secret.ts'
import { dataKeyProblem, opaqueType, parseSecretType } from '../secret/secret-types.ts'
import { type CheckedTemplates, checkTemplate, maxTemplates } from './check-template.ts'

/** The keys that each template needs, by the key that it makes. */
export type NeededKeys = ReadonlyMap<string, ReadonlySet<string>>

interface ReadTarget {
  readonly secret: RequestedSecret
  readonly needed: NeededKeys
  /** Absent if the keys are written as they are fetched. */
  readonly template?: ComposedTemplate
  readonly onGone?: Composition['onGone']
}

/**
 * Reads `spec.target` of an ExternalSecret.
 *
 * @param options - `name`: of the ExternalSecret, which is the default for the name of the Secret; `templates`: those that have
 *   been checked already
 */
export function readTarget(
  value: unknown,
  { name, templates = new Map() }: { readonly name: string; readonly templates?: CheckedTemplates },
  at: Field,
): ReadTarget {
  const { name: ownName, deletionPolicy, template = {} } = targetReader(templates)(value ?? {}, at)
  const { type, mergePolicy, metadata, data } = template
  const secretName = ownName ?? name
  checked(parseSecretName)(secretName, below(at, 'name'))
  const { labels = {}, annotations } = metadata ?? {}
  const { texts, needed } = data ?? noTemplates
  return {
    secret: {
      name: secretName,
      type: type ?? opaqueType,
      labels,
      ...(annotations && { annotations }),
    },
    needed,
    ...(deletionPolicy && deletionPolicy !== 'Retain' && { onGone: deletionPolicy }),
    ...(texts.size > 0 && { template: { data: texts, keepsInputs: mergePolicy === 'Merge' } }),
  }
}

/** Metadata may not contain templates: everybody who may list Secrets' metadata would see the values. */
const withoutTemplates =
  (name: string, read: Read<Labels>): Read<Labels> =>
  (values, at) => {
    const isTemplate = (value: unknown) => typeof value === 'string' && value.includes('{{')
    const inside: Field = { path: at.path, subject: name, problems: [] }
    const found = read(values, inside)
    if (isObject(values) && Object.values(values).some(isTemplate))
      report(
        at,
        'a template is not supported here; write plain text, because a value in metadata is not secret',
      )
    else at.problems.push(...inside.problems.map((problem) => problemWithin(at, problem)))
    return found
  }

interface Templates {
  readonly texts: ReadonlyMap<string, string>
  readonly needed: NeededKeys
}

const noTemplates: Templates = { texts: new Map(), needed: new Map() }

/** Checks each template, to find its mistakes. */
const templatesReader =
  (checkedAlready: CheckedTemplates): Read<Templates> =>
  (value, at) => {
    if (!isObject(value)) return reportValue(at, value, 'expected keys and templates')
    const entries = Object.entries(value)
    if (entries.length > maxTemplates)
      return report(at, `found ${entries.length} keys; accepted: at most ${maxTemplates}`)
    const texts = new Map<string, string>()
    const needed = new Map<string, ReadonlySet<string>>()
    for (const [key, source] of entries) {
      if (isFull(at)) break
      const keyProblem = dataKeyProblem(key)
      const inside = below(at, key)
      if (keyProblem !== undefined) reportKey(key, keyProblem, at)
      else if (typeof source !== 'string') reportValue(inside, source, 'expected a string')
      else {
        const template = checkedAlready.get(source) ?? checkTemplate(source)
        if (template.kind === 'valid') {
          texts.set(key, source)
          needed.set(key, template.value)
        } else report(inside, template.problem)
      }
    }
    return { texts, needed }
  }

/** The path of a key that isn't valid may be hard to read, so messages name what it is in. */
const reportKey = (key: string, sentence: string, { path, problems }: Field): void =>
  void problems.push({
    path: [...path, key],
    subject: describePath(path),
    found: printable(key),
    sentence,
  })

const targetReader = (templates: CheckedTemplates) =>
  someOf({
    name: text,
    creationPolicy: only(['Owner'], '. The controller owns each Secret that it makes'),
    deletionPolicy: textAs(only(['Retain', 'Merge', 'Delete'])),
    immutable: only([false]),
    template: someOf({
      type: checked(parseSecretType),
      engineVersion: only(['v2']),
      mergePolicy: textAs(only(['Replace', 'Merge'])),
      metadata: someOf({
        labels: withoutTemplates('labels', readLabels),
        annotations: withoutTemplates('annotations', readSecretAnnotations),
        finalizers: refused('a Secret with finalizers could not be deleted'),
      }),
      data: templatesReader(templates),
      templateFrom: refused('write the templates into template.data'),
    }),
    manifest: refused('only Secrets are made; remove it'),
  })
