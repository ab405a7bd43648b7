import type { WantedFile } from '../../../delivery/contract.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { describeProblem } from '../../../lib/problems/problem.ts'
import type { Policy } from '../../../requests/administrator/policy.ts'
import {
  type ClassParameters,
  parameterProblems,
} from '../../../requests/class/class-parameters.ts'
import { readClass } from '../../../requests/class/read-class.ts'
import { classPathProblems, readClassFiles } from '../../../requests/class/read-class-files.ts'

/** What the volumes of a SecretProviderClass ask for, as far as roll-outs need it. */
export interface ServedClass
  extends Pick<ClassParameters, 'clientId' | 'tenantId' | 'usesTokenProxy'> {
  readonly files: readonly WantedFile[]
}

/**
 * Reads a class as the webhook does. A class of another provider is left to the driver, so it asks for nothing.
 *
 * @param object - any JSON, but bounded: see {@link pruneClass}
 * @returns invalid with the first problem for which the webhook would refuse a pod
 */
export function readServedClass(
  object: unknown,
  { policy, namespace }: { readonly policy: Policy; readonly namespace: string },
): Parsed<ServedClass> {
  const read = readClass(object, policy.cloudName)
  if (read.kind === 'wrong') return invalid(describeProblem(read.problem))
  if (read.kind === 'other-provider') return valid({ files: [], usesTokenProxy: false })
  const { parameters } = read
  const { clientId, tenantId, usesTokenProxy } = parameters
  const { files, problems } = readClassFiles(parameters)
  const [problem] = [
    ...parameterProblems(parameters, { policy, namespace }),
    ...problems,
    ...classPathProblems(files),
  ]
  if (problem !== undefined) return invalid(describeProblem(problem))
  return valid({
    files: files.map(({ file }) => file),
    usesTokenProxy,
    ...(clientId !== undefined && { clientId }),
    ...(tenantId !== undefined && { tenantId }),
  })
}
