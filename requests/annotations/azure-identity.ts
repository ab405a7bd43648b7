import { showJson } from '../../lib/json/show-json.ts'
import { printable } from '../../lib/printable.ts'
import { annotationPath, type Problem } from '../../lib/problems/problem.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import { annotationPrefix } from './keys/own-annotations.ts'

/** The annotations of azure-workload-identity on a ServiceAccount. */
export const azureAnnotations = {
  clientId: 'azure.workload.identity/client-id',
  tenantId: 'azure.workload.identity/tenant-id',
} as const

/** Ours on a pod or a ServiceAccount. It counts before azure-workload-identity's. */
export const ownClientIdAnnotation = `${annotationPrefix}client-id`

/** The identity that they name. */
export interface AzureIdentity {
  readonly clientId?: string
  readonly tenantId?: string
}

/**
 * Reads the identity that a ServiceAccount names. An empty annotation names nothing.
 *
 * @param annotations - all of the account; in a manifest that no API server has seen, values may not be strings
 * @param members - the parts to read
 */
export function readAzureIdentity(
  annotations: Readonly<Record<string, unknown>>,
  members: readonly (keyof AzureIdentity)[] = ['clientId', 'tenantId'],
): { readonly identity: AzureIdentity; readonly problems: readonly Problem[] } {
  const identity: { clientId?: string; tenantId?: string } = {}
  const problems: Problem[] = []
  for (const member of members) {
    const key = azureAnnotations[member]
    const text = annotations[key] ?? ''
    if (text === '') continue
    const parsed = parseUuid(typeof text === 'string' ? text : '')
    if (parsed.kind === 'valid') identity[member] = parsed.value
    else {
      const found = typeof text === 'string' ? printable(text) : showJson(text)
      problems.push({ path: annotationPath(key), found, sentence: parsed.problem })
    }
  }
  return { identity, problems }
}
