import type { ExitCode } from '../../command/exit-code.ts'
import { readServing, servingAssumption } from '../../command/review/read-serving.ts'
import { placeholderImage } from '../../command/review/settings-from.ts'
import { describeProblem, describeProblems } from '../../lib/problems/problem.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { describeWarning, type PatchOperation } from '../../webhook/core/model/outcome.ts'
import { hasDriverVolumes } from '../check/find/find-tasks.ts'
import { type Manifest, treeOf } from '../input/document/manifest.ts'
import { viewsByFolder } from '../input/environments/folder-views.ts'
import { findMisplacedAnnotations } from '../input/objects/find-misplaced-annotations.ts'
import {
  findNamedObjects,
  findPodTemplates,
  type PodTemplate,
} from '../input/objects/find-objects.ts'
import { titleOf } from '../input/objects/title-of.ts'
import type { GivenValues } from '../input/placeholders/given-values.ts'
import { readFilledFiles } from '../input/read-filled-files.ts'
import { reviewTemplate } from '../input/review-template.ts'
import { describeSource } from '../input/text/file-error.ts'
import { type EditableValue, editValue } from '../rewrite/edit-value.ts'
import { joinFiles, rewriteFile } from '../rewrite/rewrite-file.ts'
import { printDocuments } from './print-documents.ts'
import { tokenProxyFrom } from './token-proxy-from.ts'

interface InjectOptions extends GivenValues {
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector inject`: prints all documents to standard output, with the pods changed as the webhook would change
 * them. Other documents stay the same, byte for byte. If the webhook would deny a pod, it prints the problems to
 * standard error, and no document.
 *
 * @throws InputError when a file or a setting is wrong
 */
export function inject({ files, namespace, ...given }: InjectOptions): ExitCode {
  const { policy: assumed, servesVolumes, isAssumed } = readServing(process.env)
  const { tokenProxy: _, ...others } = assumed
  const tokenProxy = tokenProxyFrom(process.env)
  const policy = { ...others, ...(tokenProxy && { tokenProxy }) }
  const read = readFilledFiles(files, 'inject', given)
  const all = read.flatMap(({ manifests }) => manifests)
  const viewOf = viewsByFolder(all.flatMap((manifest) => findNamedObjects(manifest, namespace)))
  const results = read.map(({ text, manifests }) => ({
    text,
    injections: manifests.map((manifest) =>
      injectManifest(manifest, {
        namespace,
        policy,
        objects: servesVolumes ? viewOf({ manifest }).lookUps : undefined,
      }),
    ),
  }))
  if (isAssumed && results.some((result) => result.injections.some(({ isServed }) => isServed)))
    printLines(process.stderr, [servingAssumption])
  const injections = results.flatMap((result) => result.injections)
  for (const { warnings } of injections) printLines(process.stderr, warnings)
  const problems = injections.flatMap((injection) => injection.problems)
  if (problems.length > 0) {
    printLines(process.stderr, problems)
    return 1
  }
  if (policy.agentImage === placeholderImage && injections.some(({ isInjected }) => isInjected))
    printLines(process.stderr, [
      `AKV_INJECTOR_AGENT_IMAGE is not set: the output contains the placeholder ${placeholderImage} as the image of the agent`,
    ])
  const rewritten = results.map(({ text, injections }) =>
    rewriteFile(
      text,
      injections
        .filter(({ isInjected }) => isInjected)
        .map(({ manifest, value }) => ({ kind: 'changed', manifest, value: value() })),
    ),
  )
  printDocuments(process.stdout, joinFiles(rewritten))
  return 0
}

function injectManifest(
  manifest: Manifest,
  { namespace, ...context }: { readonly namespace: string } & Parameters<typeof reviewTemplate>[1],
) {
  const templates = findPodTemplates(manifest, namespace)
  const problems: string[] = []
  const warnings: string[] = []
  const changed = editValue(treeOf(manifest).toJS())
  let isInjected = false
  for (const template of templates) {
    const outcome = reviewTemplate(template, context)
    warnings.push(
      ...findMisplacedAnnotations(template).map(
        ({ problem }) => `${titleOf(template)}: ${describeProblem(problem)}`,
      ),
    )
    if (outcome.kind === 'denied')
      problems.push(
        `${titleOf(template)} (${describeSource(manifest.source)}): would be denied`,
        ...describeProblems(outcome.problems),
      )
    if (outcome.kind !== 'injected') continue
    warnings.push(
      ...outcome.warnings.map((warning) => `${titleOf(template)}: ${describeWarning(warning)}`),
    )
    isInjected = true
    for (const operation of outcome.operations) apply(changed, template, operation)
  }
  const isServed = templates.some(hasDriverVolumes)
  // `value` is the document's value after the webhook's changes.
  return { manifest, value: changed.value, problems, warnings, isInjected, isServed }
}

function apply(document: EditableValue, { path }: PodTemplate, operation: PatchOperation): void {
  const target = [...path, ...operation.path.split('/').slice(1).map(unescapePointer)]
  if (operation.op === 'remove') document.remove(target)
  else document.add(target, operation.value)
}

/** RFC 6901, section 4. */
const unescapePointer = (segment: string): string =>
  segment.replaceAll('~1', '/').replaceAll('~0', '~')
