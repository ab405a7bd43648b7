/**
 * Where a string is in a JSON document. `*` stands for any member of an object or any item of a list, and `a*` for the members
 * whose names begin with `a`.
 */
export type OutlinePath = readonly string[]

/** How much may still be kept of the strings at the places of one path. */
interface Room {
  bytes: number
}

/** A place in a JSON document where a string is wanted, or something in an object or a list. */
export interface WantedPlace {
  /** For a string that is here. Absent: it isn't wanted. */
  readonly room: Room | undefined
  /** What is wanted of each item, if it is a list. */
  readonly item: WantedPlace | undefined
  /** What is wanted, if it is an object. Names come before the beginnings of names, and long ones of these before short ones. */
  readonly members: readonly WantedMember[]
}

interface WantedMember {
  readonly name: Buffer
  /** Whether `name` is only the beginning. */
  readonly isPrefix: boolean
  readonly place: WantedPlace
}

/** A path, or the rest of one. */
interface RoomyPath {
  readonly path: OutlinePath
  readonly room: Room
}

/**
 * The places of all paths together. Each path has a room of its own, so the strings of one that strangers can fill, such as that
 * of annotations, don't keep others from being read, whichever come first.
 */
export const wantedPlaces = (paths: readonly OutlinePath[], maxBytes: number): WantedPlace =>
  placesOf(paths.map((path) => ({ path, room: { bytes: maxBytes } })))

function placesOf(paths: readonly RoomyPath[]): WantedPlace {
  const deeper = paths.filter(({ path }) => path.length > 0)
  const patterns = [...new Set(deeper.map(({ path: [pattern = ''] }) => pattern))]
  const below = (isMatch: (pattern: string) => boolean) =>
    placesOf(
      deeper.flatMap(({ path: [pattern = '', ...path], room }) =>
        isMatch(pattern) ? [{ path, room }] : [],
      ),
    )
  return {
    room: paths.find(({ path }) => path.length === 0)?.room,
    item: patterns.includes('*') ? below((pattern) => pattern === '*') : undefined,
    members: patterns.toSorted(byPrecedence).map((pattern) => ({
      name: Buffer.from(pattern.replace(/\*$/, '')),
      isPrefix: pattern.endsWith('*'),
      place: below((other) => covers(other, pattern)),
    })),
  }
}

const byPrecedence = (a: string, b: string): number =>
  Number(a.endsWith('*')) - Number(b.endsWith('*')) || b.length - a.length

/** Whether a pattern matches each name that the narrower one matches. */
const covers = (pattern: string, narrower: string): boolean =>
  pattern === narrower || (pattern.endsWith('*') && narrower.startsWith(pattern.slice(0, -1)))

/**
 * Finds what is wanted of a member, whose name is a part of the bytes as JSON has it. A wanted name contains nothing that has to be
 * escaped, so one with an escape sequence is another one: API servers escape nothing else.
 */
export function findMember(
  { members }: WantedPlace,
  bytes: Buffer,
  { begin, end }: { readonly begin: number; readonly end: number },
): WantedPlace | undefined {
  const length = end - begin
  for (const { name, isPrefix, place } of members) {
    const isLong = isPrefix ? length >= name.length : length === name.length
    if (isLong && beginsWith(bytes, begin, name)) return place
  }
  return undefined
}

/** `Buffer.compare` takes much longer for a few bytes. */
function beginsWith(bytes: Buffer, begin: number, name: Buffer): boolean {
  for (let at = 0; at < name.length; at++) if (bytes[begin + at] !== name[at]) return false
  return true
}
