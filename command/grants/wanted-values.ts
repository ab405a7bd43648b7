import type { AgentConfig, Wanted, WantedValue } from '../../delivery/contract.ts'
import { neededValues } from '../../delivery/needed-values.ts'
import { segmentValues } from '../../delivery/projection/wanted-objects.ts'

/** A value that an agent reads. */
export type ReadValue = WantedValue & Pick<Wanted, 'versions'>

/** The values that the agent of a pod reads: files, those in templates, and variables. */
export const wantedValues = (config: {
  readonly files: readonly ReadValue[]
  readonly templates: AgentConfig['templates']
  readonly env: AgentConfig['env']
}): readonly ReadValue[] => [
  ...config.files.flatMap(neededValues),
  ...config.templates.flatMap(({ segments }) => segmentValues(segments)),
  ...config.env,
]
