import { listNames } from '../../lib/list-names.ts'

/** Something that the caller may not read. */
interface Refusal {
  /** Such as `the logs of pods`. */
  readonly what: string
  /** The missing right, such as `get pods/log`. */
  readonly right: string
  /** Absent: in the whole cluster. */
  readonly namespace?: string | undefined
}

export function createNotices() {
  const sentences = new Set<string>()
  const refusals = new Map<string, Set<string>>()
  let isCut = false
  return {
    /** Adds a sentence, unless it is there already. */
    say: (sentence: string): void => void sentences.add(sentence),
    /** Adds a sentence that says that there were too many objects to read them all. */
    cut(sentence: string): void {
      isCut = true
      sentences.add(sentence)
    },
    /** Whether some objects of a list were left out. */
    isCut: () => isCut,
    /** Records a missing right. Refusals of the same right in several namespaces become one sentence. */
    refused({ what, right, namespace }: Refusal): void {
      const sentence = `${what} can’t be read: the right to ${right} is missing`
      const namespaces = refusals.get(sentence) ?? new Set()
      refusals.set(sentence, namespaces.add(namespace ?? ''))
    },
    all: (): readonly string[] => [
      ...[...refusals].map(([sentence, namespaces]) => `${sentence} ${inNamespaces(namespaces)}`),
      ...sentences,
    ],
  }
}

function inNamespaces(namespaces: ReadonlySet<string>): string {
  if (namespaces.has('')) return 'in the whole cluster'
  const names = [...namespaces].toSorted()
  return `in ${names.length === 1 ? 'namespace' : 'the namespaces'} ${listNames(names)}`
}
