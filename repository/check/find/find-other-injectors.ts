import { type JsonObject, valueAt } from '../../../lib/shape.ts'
import { positionOf } from '../../input/document/position-of.ts'
import type { Path } from '../../input/document/search-templates.ts'
import type { PodTemplate } from '../../input/objects/find-objects.ts'
import type { Finding } from '../findings/finding.ts'

/** Warns about a pod that is written for vault-k8s or akv2k8s, and names the page that helps to move. */
export function findOtherInjectors({ pod, manifest, path }: PodTemplate): readonly Finding[] {
  const finding = (message: string, below: Path): Finding => ({
    severity: 'warning',
    code: 'AKV_CHECK_OTHER_TOOL',
    message,
    position: positionOf(manifest, [...path, ...below]),
  })
  const isVault = isForVault(pod)
  const variable = akvVariable(pod)
  return [
    ...(isVault
      ? [
          finding(
            `the pod is annotated for vault-k8s (${vaultKey}), which akv-injector ignores; see docs/from-vault-k8s.md`,
            ['metadata', 'annotations', vaultKey],
          ),
        ]
      : []),
    ...(variable === undefined
      ? []
      : [
          finding(
            'the pod has variables for akv2k8s (NAME@azurekeyvault), which akv-injector ignores; see docs/from-akv2k8s.md',
            variable,
          ),
        ]),
  ]
}

const vaultKey = 'vault.hashicorp.com/agent-inject'

/** vault-k8s accepts every spelling of a boolean that Go's `strconv.ParseBool` accepts. */
function isForVault(pod: JsonObject): boolean {
  const value = valueAt(pod, 'metadata', 'annotations', vaultKey)
  return value !== undefined && !/^(?:0|f|false)$/i.test(String(value))
}

/** The path of the first variable with a value for akv2k8s: `NAME@azurekeyvault`, which a query may follow. */
function akvVariable({ spec }: JsonObject): Path | undefined {
  for (const list of ['containers', 'initContainers'])
    for (const [i, container] of itemsOf(spec, list))
      for (const [j, entry] of itemsOf(container, 'env')) {
        const value = valueAt(entry, 'value')
        if (typeof value === 'string' && value.includes('@azurekeyvault'))
          return ['spec', list, i, 'env', j, 'value']
      }
  return undefined
}

function itemsOf(owner: unknown, key: string): Iterable<[number, unknown]> {
  const items = valueAt(owner, key)
  return Array.isArray(items) ? items.entries() : []
}
