import type { ProblemField } from '../../../lib/problems/problem.ts'
import type { ClassParameters } from '../../../requests/class/class-parameters.ts'
import type { ClassVolume } from '../model/find-class-volumes.ts'

/** A volume whose class is of the Azure provider. */
export interface AzureVolume extends ClassVolume {
  readonly className: string
  readonly field: ProblemField
  readonly parameters: ClassParameters
  /** The names of the Secrets that the class asks for. */
  readonly secrets: ReadonlySet<string>
}
