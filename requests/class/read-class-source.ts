import { describeProblem } from '../../lib/problems/problem.ts'
import type { Policy } from '../administrator/policy.ts'
import { metadataProblems } from '../secret/metadata-problems.ts'
import { boundProblems, refusalOf, type Source } from '../source/source.ts'
import { parameterProblems, unusedParameters } from './class-parameters.ts'
import { readClass } from './read-class.ts'
import { classPathProblems, readClassFiles } from './read-class-files.ts'
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
    return { ...unreadSource(seen, content.claims), problems: [refusalOf(content)] }
  const source = unreadSource(seen, content.claims)
  const { object, secretObjects }: ClassParts = JSON.parse(content.text)
  const read = readClass(object, policy.cloudName)
  if (read.kind === 'other-provider') return undefined
  if (read.kind === 'wrong') return { ...source, problems: [read.problem] }

  const { parameters } = read
  const { files, problems: wrongFiles } = readClassFiles(parameters)
  const requested = readSecretObjects(
    secretObjects,
    files.map(({ file }) => file),
  )
  const problems = [
    ...parameterProblems(parameters, { policy, namespace }),
    ...wrongFiles,
    ...classPathProblems(files),
    // Without the files, all names of objects would be reported as wrong, too.
    ...(wrongFiles.length === 0 ? requested.problems : []),
    ...metadataProblems(requested.secrets, { namespace, policy }),
  ]
  const unused = unusedParameters(parameters).map(describeProblem).join('; ')
  return {
    ...source,
    hints: { annotated, clientId: parameters.clientId },
    ...(parameters.tenantId !== undefined && { tenantId: parameters.tenantId }),
    usesBinding: parameters.usesTokenProxy,
    ...(unused !== '' && { unused }),
    secrets: requested.secrets.map((secret) => ({ ...secret, source: source.ref })),
    values: requested.values,
    problems: boundProblems(problems),
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
  values: [],
  problems: [],
})
