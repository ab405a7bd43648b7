import type { Policy } from '../../requests/administrator/policy.ts'
import type { CsiMode } from '../../requests/administrator/settings/read-settings.ts'
import { settingsFrom } from './settings-from.ts'

/** The administrator's policy, and whether volumes of the Secrets Store CSI Driver are served. */
export interface Serving {
  readonly policy: Policy
  readonly mode: CsiMode
  readonly servesVolumes: boolean
  /** Whether `servesVolumes` is an assumption, because the administrator's settings don't say. */
  readonly isAssumed: boolean
}

/** The sentence that a command prints if it had to assume that such volumes are served. */
export const servingAssumption =
  'AKV_INJECTOR_CSI is not set: assuming "labelled", so volumes of the Secrets Store CSI Driver are served'

/** Stands in for the token proxy, because these commands ask no cluster. No part of it is printed. */
const someTokenProxy = {
  kind: 'known',
  proxy: { url: 'https://kubernetes.default.svc.cluster.local', serverName: 'a.ests.aks', ca: '' },
} as const

/**
 * Reads the administrator's settings. Without `AKV_INJECTOR_CSI`, volumes of the driver count as served in labelled
 * namespaces: whoever runs a command on manifests with such volumes wants to know what would become of them. For the
 * same reason, identity bindings count as allowed unless `AKV_INJECTOR_IDENTITY_BINDING` says otherwise.
 *
 * @throws InputError with every invalid setting
 */
export function readServing(env: NodeJS.ProcessEnv): Serving {
  const settings = settingsFrom(env)
  const { csi } = settings
  const isBindingOff = env['AKV_INJECTOR_IDENTITY_BINDING'] !== undefined && !settings.tokenProxy
  const policy = {
    ...settings.policy,
    ...(!isBindingOff && { tokenProxy: someTokenProxy }),
  }
  const isAssumed = env['AKV_INJECTOR_CSI'] === undefined
  const mode = isAssumed ? 'labelled' : csi
  return { policy, mode, servesVolumes: mode !== 'none', isAssumed }
}
