import { objectAt, scalarText } from '../../../lib/shape.ts'
import { annotationsOf } from '../../../requests/annotations/keys/annotations-of.ts'
import { ownKeys } from '../../../requests/annotations/keys/own-annotations.ts'
import type { NamedObject } from '../../input/objects/find-objects.ts'
import { isCustom } from '../../input/objects/is-custom.ts'
import { secretSyncGroup } from '../../input/sources/secret-sync.ts'
import type { Finding } from '../findings/finding.ts'
import { subjectOf, type Verdict } from '../findings/verdict.ts'

/**
 * Reports an object without a pod template, if its author could expect that `check` examines it: it has our
 * annotations, it is a custom resource, or it belongs to akv2k8s.
 */
export function checkOtherObject(found: NamedObject): Verdict | undefined {
  const findings = otherTool(found)
  const isOurs = ownKeys(annotationsOf(found.object)).length > 0
  const reason = isOurs
    ? 'its akv-injector.io annotations do nothing, because it has no pod template'
    : 'it has no pod template'
  const isPlain = findings.length === 0 && !isOurs
  if (isPlain && !isCustom(found)) return undefined
  const note = { severity: 'note', code: 'AKV_CHECK_NOT_LOOKED_AT', message: reason } as const
  return {
    subject: subjectOf(found),
    outcome: 'not-looked-at',
    ...(isPlain && { countedAs: scalarText(found.kind) }),
    sentence: `not looked at: ${reason}`,
    details: [],
    findings: [note, ...findings],
  }
}

/** Objects that other tools turn into Secrets or ConfigMaps with values of a vault. */
const otherTools = [
  { kind: 'AzureKeyVaultSecret', group: 'spv.no/', tool: 'akv2k8s', page: 'from-akv2k8s.md' },
  {
    kind: 'SecretSync',
    group: secretSyncGroup,
    tool: 'the Secrets Store Sync Controller',
    page: 'from-csi.md#secretsync',
  },
  {
    kind: 'AzureAppConfigurationProvider',
    group: 'azconfig.io/',
    tool: 'the Azure App Configuration Kubernetes Provider',
    page: 'from-csi.md#azure-app-configuration',
  },
] as const

function otherTool({ object }: NamedObject): readonly Finding[] {
  const { kind, apiVersion } = object
  const warning = (message: string, page = 'from-akv2k8s.md'): Finding => ({
    severity: 'warning',
    code: 'AKV_CHECK_OTHER_TOOL',
    message: `${message}; see docs/${page}`,
  })
  const { tool, page } =
    otherTools.find((one) => one.kind === kind && scalarText(apiVersion).startsWith(one.group)) ??
    {}
  if (tool !== undefined)
    return [warning(`the object belongs to ${tool}, and akv-injector ignores it`, page)]
  return kind === 'Namespace' &&
    'azure-key-vault-env-injection' in objectAt(object, 'metadata', 'labels')
    ? [warning('the namespace is labelled for akv2k8s, which akv-injector ignores')]
    : []
}
