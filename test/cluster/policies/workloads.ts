import type { KubeObject } from '../client/api.ts'
import { plainPod, prefixed } from '../client/pods.ts'

export interface WorkloadOptions {
  readonly namespace: string
  readonly volumes?: readonly object[]
  /** Annotations of the pods, without the prefix. */
  readonly annotations?: Readonly<Record<string, string>>
  /** Labels of the pods. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Returns a Deployment, and a CronJob, whose pod template is one level deeper. */
export function workloads(options: WorkloadOptions): readonly KubeObject[] {
  const { namespace, volumes = [], annotations = {}, labels = {} } = options
  const template = (restartPolicy: string) => ({
    metadata: { labels: { app: 'web', ...labels }, annotations: prefixed(annotations) },
    spec: { ...plainPod().spec, volumes, restartPolicy },
  })
  const metadata = { name: 'web', namespace }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: { app: 'web' } }, template: template('Always') },
    },
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata,
      spec: { schedule: '@daily', jobTemplate: { spec: { template: template('Never') } } },
    },
  ]
}
