import { Document, isCollection, isSeq, visit } from 'yaml'
import { describeProblems } from '../../lib/describe-problem.ts'
import { printLines } from '../../lib/print-lines.ts'
import type { AddOperation } from '../../webhook/core/outcome.ts'
import type { Policy } from '../../webhook/core/policy.ts'
import { misplacedAnnotations } from '../check/misplaced-annotations.ts'
import type { ExitCode } from '../exit-code.ts'
import { type Manifest, type PodTemplate, podTemplates, readManifests } from '../input/manifests.ts'
import { placeholderImage, policyFromEnvironment, reviewTemplate } from '../input/review.ts'
import { printDocuments } from './print-documents.ts'

export interface InjectOptions {
  readonly files: readonly string[]
  readonly namespace: string
}

/**
 * `akv-injector inject`: prints all documents to standard output, those with pods as the webhook would make them.
 * With a pod that would be denied it prints the problems to standard error, and no document.
 *
 * @throws InputError when a file or a setting is wrong
 */
export function inject({ files, namespace }: InjectOptions): ExitCode {
  const policy = policyFromEnvironment()
  const results = readManifests(files).map((manifest) =>
    injectManifest(manifest, { namespace, policy }),
  )
  for (const { warnings } of results) printLines(process.stderr, warnings)
  const problems = results.flatMap((result) => result.problems)
  if (problems.length > 0) {
    printLines(process.stderr, problems)
    return 1
  }
  if (policy.agentImage === placeholderImage && results.some(({ isInjected }) => isInjected))
    printLines(process.stderr, [
      `AKV_INJECTOR_AGENT_IMAGE is not set: the image of the agent reads ${placeholderImage}`,
    ])
  printDocuments(process.stdout, results.map(({ text }) => text).join('---\n'))
  return 0
}

interface Result {
  readonly text: string
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
  readonly isInjected: boolean
}

function injectManifest(
  manifest: Manifest,
  { namespace, policy }: { readonly namespace: string; readonly policy: Policy },
): Result {
  const templates = podTemplates(manifest, namespace)
  const problems: string[] = []
  const warnings: string[] = []
  let { document } = manifest
  let isInjected = false
  for (const template of templates) {
    const outcome = reviewTemplate(template, policy)
    warnings.push(
      ...misplacedAnnotations(template).map((warning) => `${template.title}: ${warning}`),
    )
    if (outcome.kind === 'denied')
      problems.push(
        `${template.title} (${manifest.source}): would be denied`,
        ...describeProblems(outcome.problems),
      )
    if (outcome.kind !== 'injected') continue
    warnings.push(...outcome.warnings.map((warning) => `${template.title}: ${warning}`))
    isInjected = true
    document = withoutAliases(document)
    for (const operation of outcome.operations) add(document, template, operation)
  }
  return {
    text: printed(document),
    problems,
    warnings,
    isInjected,
  }
}

/** JSON stays JSON. */
function printed(document: Document): string {
  const { contents } = document
  return isCollection(contents) && contents.flow
    ? `${JSON.stringify(document.toJS(), null, 2)}\n`
    : document.toString({ lineWidth: 0, directives: false })
}

/** Two places that share one node would both be changed by a change to either. */
function withoutAliases(document: Document): Document {
  let hasAliases = false
  visit(document, {
    Alias: () => {
      hasAliases = true
      return visit.BREAK
    },
  })
  return hasAliases ? new Document(document.toJS(), { aliasDuplicateObjects: false }) : document
}

/** Carries out an operation on the document itself, so that comments and spelling stay the author's. */
function add(document: Document, { path }: PodTemplate, operation: AddOperation): void {
  const segments = [...path, ...operation.path.split('/').slice(1)]
  const parent = document.getIn(segments.slice(0, -1))
  if (isSeq(parent))
    parent.items.splice(Number(segments.at(-1)), 0, document.createNode(operation.value))
  else document.setIn(segments, document.createNode(operation.value))
}
