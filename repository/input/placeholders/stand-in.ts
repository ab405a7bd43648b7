import { randomBytes, randomInt } from 'node:crypto'
import type { Shape } from './shape-in.ts'

/** The text in place of a placeholder, and the part of it that messages have. */
interface StandIn {
  readonly text: string
  readonly mark: string
}

/** More than any repository has. The marks of names have room for as many. */
export const maxStandIns = 1000

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
const hex = randomBytes(8).toString('hex')

/**
 * How all stand-ins end. Each process has its own, so that no file can have what looks like a stand-in. The numbers of the stand-ins
 * are in front, so that names are sorted in the same order each time.
 */
const ends = {
  /** A vault's name has room for 24 characters, so a stand-in has only seven. */
  name: Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join(''),
  uuid: `-4${hex.slice(0, 3)}-8${hex.slice(1, 4)}-${hex.slice(4)}`,
  version: hex,
  /** Odd: nobody writes such a number of seconds, because it isn't a whole number of minutes. */
  seconds: String(1001 + 2 * randomInt(4500)),
}

/** Finds the marks of all stand-ins. */
const anyMark = new RegExp(
  [
    `x[0-9a-z]{2}${ends.name}`,
    `a7b3c9d1-[0-9a-f]{4}${ends.uuid}`,
    `ac70b1d92e5f[0-9a-f]{4}${ends.version}`,
    `(?<!\\w)2\\d{3}${ends.seconds}(?=s?(?!\\w))`,
  ].join('|'),
  'g',
)

/** The marks in a text, and where they are. */
export const marksIn = (text: string) =>
  [...text.matchAll(anyMark)].map(({ 0: mark, index }) => ({ mark, index }))

/** Takes what is left of these marks out of a sentence that cuts long values. */
export const withoutCutMarks = (sentence: string, marks: readonly string[]): string =>
  sentence.replaceAll(/([\da-z-]{3,36})…/g, (_, end: string) => {
    const places = Array.from({ length: end.length - 2 }, (_, index) => index)
    const start = places.find((place) => marks.some((mark) => mark.startsWith(end.slice(place))))
    return `${end.slice(0, start)}…`
  })

/** Makes the stand-in with this number, which is less than {@link maxStandIns}. */
export function standInOf(shape: Shape, number: number): StandIn {
  const digits = number.toString(16).padStart(4, '0')
  const name = `x${number.toString(36).padStart(2, '0')}${ends.name}`
  const uuid = `a7b3c9d1-${digits}${ends.uuid}`
  const version = `ac70b1d92e5f${digits}${ends.version}`
  // Between seven and twelve months. A duration may be a year at most.
  const seconds = `2${String(number).padStart(3, '0')}${ends.seconds}`
  switch (shape) {
    case 'name':
      return { text: name, mark: name }
    case 'url':
      return { text: `https://${name}.vault.azure.net`, mark: name }
    case 'uuid':
      return { text: uuid, mark: uuid }
    case 'version':
      return { text: version, mark: version }
    case 'duration':
      return { text: `${seconds}s`, mark: seconds }
    default:
      return shape satisfies never
  }
}
