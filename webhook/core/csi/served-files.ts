import type { WantedFile } from '../../../delivery/contract.ts'
import { describeField, describeProblem, type Problem } from '../../../lib/problems/problem.ts'
import { countCostly } from '../../../requests/annotations/objects/parse-plain-yaml.ts'
import { objectListBounds } from '../../../requests/annotations/objects/read-csi-object.ts'
import type { Requested } from '../../../requests/annotations/objects/requested.ts'
import { pathProblems } from '../../../requests/annotations/objects/target-problems.ts'
import type { ClassParameters } from '../../../requests/class/class-parameters.ts'
import { type ReadClassFiles, readClassFiles } from '../../../requests/class/read-class-files.ts'
import type { AzureVolume } from './azure-volume.ts'

interface ServedFiles {
  readonly files: readonly WantedFile[]
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

/** Reads the object lists of all served volumes. A list that several volumes use is read once. */
export function readServedFiles(
  volumes: readonly AzureVolume[],
  read: ReadClassFiles = readClassFiles,
): ServedFiles {
  const classes = new Map(volumes.map(({ className, parameters }) => [className, parameters]))
  const excess = listProblem([...classes.values()])
  if (excess !== undefined)
    return {
      files: [],
      problems: [{ path: [], subject: 'the SecretProviderClasses of the pod', sentence: excess }],
      warnings: [],
    }
  const lists = new Map([...classes].map(([name, parameters]) => [name, read(parameters)]))
  const requested: Requested<WantedFile>[] = []
  const problems: Problem[] = []
  const warnings: Problem[] = []
  for (const { name, className, field } of volumes) {
    const subject = describeField(field)
    const list = lists.get(className)
    for (const { location, file } of list?.files ?? [])
      requested.push({
        field: { ...field, subject: `${subject}, parameters.objects, ${location}` },
        wanted: { volume: name, ...file },
      })
    const inVolume = (problem: Problem) => ({ ...field, sentence: describeProblem(problem) })
    problems.push(...(list?.problems ?? []).map(inVolume))
    warnings.push(...(list?.warnings ?? []).map(inVolume))
  }
  const files = requested.map(({ wanted }) => wanted)
  return {
    files,
    problems: [...problems, ...pathProblems(requested.map(belowVolume), [])],
    warnings,
  }
}

/** All lists of a pod together are bounded as a single one is, because parsing them takes our time. */
function listProblem(classes: readonly ClassParameters[]): string | undefined {
  const { maxCharacters, maxCostly } = objectListBounds
  const texts = classes.map(({ objects = '' }) => objects)
  // A single list has its own sentence.
  if (texts.length < 2) return undefined
  const characters = texts.reduce((sum, { length }) => sum + length, 0)
  if (characters > maxCharacters)
    return `found ${characters} characters in their parameters.objects; accepted: at most ${maxCharacters}`
  const costly = texts.reduce((sum, text) => sum + countCostly(text), 0)
  return costly > maxCostly
    ? `found more than ${maxCostly} lines, brackets, quotes, commas and colons in their parameters.objects; accepted: at most ${maxCostly}`
    : undefined
}

/** Volumes don't share files, so a path conflicts only within its volume. */
const belowVolume = ({ field, wanted }: Requested<WantedFile>): Requested<WantedFile> => ({
  field,
  wanted: { ...wanted, path: `${wanted.volume}/${wanted.path}` },
})
