import { hasPlaceholder } from './open-names.ts'

/** Long values, which messages truncate. They are found by their beginning, which a message always shows. */
interface CutValues<T> {
  /** Remembers whose value a text is, and the long words in it. */
  add(text: string, owners: ReadonlySet<T>): void
  /** Whose values a message shows truncated. */
  ownersIn(message: string): readonly T[]
}

/** No message shows less of a value. */
const shownLength = 60

/** Remembers values with stand-ins, because a message that cuts such a value may not have the stand-in. */
export function createCutValues<T>(): CutValues<T> {
  const owners = new Map<string, Set<T>>()
  return {
    add(text, added) {
      if (!isLong(text)) return
      for (const value of new Set([text, ...text.split(betweenWords).filter(isLong)])) {
        const start = value.slice(0, shownLength)
        const known = owners.get(start) ?? new Set()
        for (const owner of added) known.add(owner)
        owners.set(start, known)
      }
    },
    ownersIn: (message) =>
      owners.size === 0
        ? []
        : [...message.matchAll(cut)].flatMap(([, start = '']) => [...(owners.get(start) ?? [])]),
  }
}

const isLong = (text: string): boolean => text.length > shownLength && hasPlaceholder(text)

/** Separates the parts of lists and of YAML in a value. One character each, because a repetition overflows the stack of a long text. */
const betweenWords = /[\s"',=]/

const cut = new RegExp(`"([^"]{${shownLength}})[^"…]*…`, 'g')
