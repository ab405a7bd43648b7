import { describeProblem } from '../../lib/problems/describe-problem.ts'
import type { Policy } from '../administrator/policy.ts'
import { pathProblems } from '../annotations/objects/target-problems.ts'
import { metadataProblems } from '../secret/metadata-problems.ts'
import { boundSentences, type Source } from '../source/source.ts'
import { parameterSentences } from './class-parameters.ts'
import { readClass } from './read-class.ts'
import { readClassFiles } from './read-class-files.ts'
import { readSecretObjects } from './read-secret-objects.ts'
import type { ClassParts, SeenClass } from './seen-class.ts'

/**
 * Reads what a SecretProviderClass requests.
 *
 * @returns undefined if it requests no Secrets, or isn't for Azure
 */
export function readClassSource(seen: SeenClass, policy: Policy): Source | undefined {
  const { annotated, namespace, content } = seen
  if (content.kind === 'nothing') return undefined
  if (content.kind === 'refused')
    return { ...unreadSource(seen, content.claims), problems: [content.sentence] }
  const source = unreadSource(seen, content.claims)
  const { object, secretObjects }: ClassParts = JSON.parse(content.text)
  const read = readClass(object, policy.cloudName)
  if (read.kind === 'other-provider') return undefined
  if (read.kind === 'wrong') return { ...source, problems: [read.sentence] }

  const { parameters } = read
  const { files, sentences } = readClassFiles(parameters)
  const located = files.map(({ location, file }) => ({
    subject: `parameters.objects, ${location}`,
    wanted: file,
  }))
  const all = files.map(({ file }) => file)
  const requested = readSecretObjects(secretObjects, all)
  const problems = [
    ...parameterSentences(parameters, { policy, namespace }),
    ...sentences,
    ...pathProblems(located, []).map(describeProblem),
    // Without the files, all names of objects would be reported as wrong, too.
    ...(sentences.length === 0 ? requested.problems : []),
    ...metadataProblems(requested.secrets, { namespace, policy }),
  ]
  return {
    ...source,
    hints: { annotated, clientId: parameters.clientId },
    ...(parameters.tenantId !== undefined && { tenantId: parameters.tenantId }),
    secrets: requested.secrets.map((secret) => ({ ...secret, source: source.ref })),
    files: requested.files,
    problems: boundSentences(problems),
  }
}

/** A class of which only the metadata and the names of the Secrets have been read. */
const unreadSource = (
  { name, uid, createdAtMs, annotated }: SeenClass,
  claims: Source['claims'],
): Source => ({
  ref: { kind: 'SecretProviderClass', name },
  uid,
  createdAtMs,
  hints: { annotated },
  claims,
  secrets: [],
  files: [],
  problems: [],
})
