import type { JudgedPod } from './facts/judged-pod.ts'
import type { MissingReference } from './facts/others-sentences.ts'
import type { PodFault } from './fault.ts'

/** A Secret or a ConfigMap that isn't there. Secret sync may have to make the Secret. */
export function faultOfMissing(missing: MissingReference, judged: JudgedPod): PodFault {
  const base = { missing, isFailing: true } as const
  if (missing.kind === 'ConfigMap') return { ...base, kind: 'app', code: 'MissingReference' }
  const { secretMakers } = judged
  const maker = secretMakers?.found.find(({ name }) => name === missing.name)
  if (maker !== undefined)
    return {
      ...base,
      kind: 'us',
      code: 'SecretNotSynced',
      message: [maker.by, maker.code ?? ''].filter((part) => part !== '').join(': '),
    }
  const unread = secretMakers?.unread[0]
  if (unread === undefined) return { ...base, kind: 'app', code: 'MissingReference' }
  return {
    ...base,
    kind: 'unknown',
    code: 'MissingReference',
    because: `Secret ${missing.name} doesn’t exist, and whether Secret sync should make it isn’t known`,
    right: `list ${unread}`,
    rightIn: judged.namespace,
  }
}
