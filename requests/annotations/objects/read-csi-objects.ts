import type { WantedFile } from '../../../delivery/contract.ts'
import { invalid, type Parsed, valid } from '../../../lib/problems/parsed.ts'
import {
  describeField,
  maxProblems,
  type Problem,
  plainProblem,
} from '../../../lib/problems/problem.ts'
import { below, type Field, report } from '../../../lib/problems/read.ts'
import { isObject } from '../../../lib/shape.ts'
import { anyVault, howToSetDefault } from '../../administrator/choose-vaults.ts'
import { countCostly, parsePlainYaml } from './parse-plain-yaml.ts'
import { objectListBounds, readCsiObject } from './read-csi-object.ts'

/** A file, and the list item that it comes from: `item 2`. */
interface LocatedFile {
  readonly location: string
  readonly file: WantedFile
}

interface Files {
  readonly files: readonly LocatedFile[]
  /** Their paths begin at the list. Messages begin with the item: `item 2, objectName "x": …`. */
  readonly problems: readonly Problem[]
  /** Unknown fields that are ignored. */
  readonly warnings: readonly Problem[]
}

interface ListOptions {
  /** The vault of all these objects. The provider's list can't name another. */
  readonly vault?: string | undefined
  /** Whether fields that the provider doesn't know are ignored, as it does. They are problems otherwise. */
  readonly ignoresUnknown?: boolean
}

/**
 * Reads the object list of a SecretProviderClass for the Azure provider: the double-encoded `array:` of strings, or a
 * plain YAML list (docs/specification.md, "Object lists of the CSI driver").
 */
export function parseCsiObjects(text: string, options: ListOptions): Files {
  const yaml = parsePlainYaml(text, objectListBounds)
  return yaml.kind === 'invalid' ? wrongList(yaml.problem) : readCsiObjects(yaml.value, options)
}

/** Reads the same list from parsed YAML, in which every scalar is a string. */
export function readCsiObjects(
  value: unknown,
  { vault, ignoresUnknown = false }: ListOptions,
): Files {
  const list = readList(value)
  if (list.kind === 'invalid') return wrongList(list.problem)
  const files: LocatedFile[] = []
  const problems: Problem[] = []
  const warnings: Problem[] = []
  const at: Field = { path: [], subject: '', problems }
  if (vault === undefined)
    report(at, `it names no vault, and there is no default vault; ${howToSetDefault}`)
  for (const [index, item] of list.value.entries()) {
    if (problems.length >= maxProblems) break
    const inside = below(at, index)
    const read = readCsiObject(item, inside, {
      vault: vault ?? anyVault,
      ignoresUnknown,
      maxUnknown: Math.max(0, maxProblems - problems.length - warnings.length),
    })
    problems.push(...read.problems)
    warnings.push(...read.warnings)
    if (read.file) files.push({ location: describeField(inside), file: read.file })
  }
  return { files, problems, warnings }
}

const wrongList = (problem: string): Files => ({
  files: [],
  problems: [plainProblem(problem)],
  warnings: [],
})

function readList(value: unknown): Parsed<readonly unknown[]> {
  const list = isObject(value) && Object.hasOwn(value, 'array') ? value['array'] : value
  if (!Array.isArray(list))
    return invalid('expected the "array:" of a SecretProviderClass, or a list of objects')
  // Each string is YAML of its own. Escapes in it may have hidden structure from the count of the whole text.
  const strings = list.filter((item) => typeof item === 'string')
  const costly = strings.reduce((sum, item) => sum + 1 + countCostly(item), 0)
  return costly <= objectListBounds.maxCostly
    ? valid(list)
    : invalid(
        `the strings of the list have more than ${objectListBounds.maxCostly} lines and fields`,
      )
}
