import type { KubeObject } from '../../../client/api.ts'
import type { Pod } from '../../../client/pods.ts'
import { secretProviderClass } from '../../../csi/harness/classes.ts'
import { type CsiPodOptions, csiPod } from '../../../csi/harness/csi-pods.ts'
import { appContainer } from '../../harness/app-pod.ts'

export interface CsiAppOptions extends CsiPodOptions {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  /** Fields of the only container `app`, which sleeps by default. */
  readonly app?: object
}

/** A pod with volumes of the driver at `/mnt/VOLUME`. It runs until it is deleted. */
export function csiApp({ app, labels, ...options }: CsiAppOptions): Pod {
  const { metadata, spec, ...pod } = csiPod(options)
  const [plain] = spec.containers
  return {
    ...pod,
    metadata: { ...metadata, ...(labels && { labels }) },
    spec: {
      terminationGracePeriodSeconds: 1,
      ...spec,
      containers: [{ ...plain, ...appContainer('app'), ...app }],
    },
  }
}

/** A class whose objects are secrets of one vault, as the identity of the examples. */
export const classOf = (options: {
  readonly namespace: string
  readonly name: string
  readonly vault: string
  readonly secrets: readonly string[]
  readonly parameters?: Readonly<Record<string, string>>
}): KubeObject => {
  const { namespace, name, vault, secrets, parameters } = options
  const entries = secrets.map((name) => `  - |\n    objectName: ${name}\n    objectType: secret\n`)
  const objects = `array:\n${entries.join('')}`
  return secretProviderClass({
    ...{ namespace, name },
    parameters: { keyvaultName: vault, tenantId, objects, ...parameters },
  })
}

const tenantId = '11111111-1111-1111-1111-111111111111'
