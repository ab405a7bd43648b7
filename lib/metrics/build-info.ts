import { version } from '../version.ts'
import type { MetricFamily } from './prometheus-text.ts'

export type Component = 'agent' | 'webhook' | 'certs' | 'sync'

/** The metric that says which version of a component runs. */
export const buildInfo = (component: Component) =>
  ({
    name: 'akv_injector_build_info',
    help: 'The version of the component; the value is always 1',
    type: 'gauge',
    samples: [{ labels: { component, version }, value: 1 }],
  }) as const satisfies MetricFamily
