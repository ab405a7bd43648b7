import { pruneClass } from '../../../requests/class/prune-class.ts'
import { mutate } from '../../../webhook/core/mutate.ts'
import { requestFor } from '../../webhook/core/arbitraries.ts'
import { csiPod } from '../../webhook/core/csi/example.ts'
import { policy } from '../../webhook/core/policy.ts'
import { readJson } from '../harness/read-json.ts'

/** A SecretProviderClass that a pod's volume names. */
export function fuzz(data: Buffer): void {
  const request = requestFor(csiPod())
  const classes = new Map([['azure-kv', pruneClass(readJson(data))]])
  mutate(request, policy, { classes, account: { kind: 'absent' } })
}
