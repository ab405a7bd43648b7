import fc from 'fast-check'
import { printable } from '../../../lib/printable.ts'
import type { Parsed } from '../../../lib/problems/parsed.ts'
import { anyCharacter } from '../../support/any-character.ts'

/** Bytes of which a few ranges are overwritten, removed, repeated or replaced by those of another sample. */
export function mutated(samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const sample = fc.constantFrom(...samples)
  const at = fc.double({ min: 0, max: 1, noNaN: true })
  const change = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), at, bytes: smallBytes }),
    fc.record({ kind: fc.constant('insert' as const), at, bytes: smallBytes }),
    fc.record({ kind: fc.constant('remove' as const), at, length: fc.nat(64) }),
    fc.record({ kind: fc.constant('splice' as const), at, other: sample }),
  )
  return fc
    .tuple(sample, fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([bytes, changes]) =>
      changes.reduce<Uint8Array>((changed, change) => {
        const offset = Math.floor(change.at * changed.length)
        const [before, after] = [changed.subarray(0, offset), changed.subarray(offset)]
        switch (change.kind) {
          case 'write':
            return Buffer.concat([before, change.bytes, after.subarray(change.bytes.length)])
          case 'insert':
            return Buffer.concat([before, change.bytes, after])
          case 'remove':
            return Buffer.concat([before, after.subarray(change.length)])
          case 'splice':
            return Buffer.concat([before, change.other.subarray(offset)])
          default:
            return change satisfies never
        }
      }, bytes),
    )
}

const smallBytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
  fc
    .constantFrom(
      [0x30, 0x80],
      [0, 0],
      [0x84, 0xff, 0xff, 0xff, 0xff],
      [0x24, 0x80],
      [0xa0],
      [0x80],
    )
    .map((bytes) => Uint8Array.from(bytes)),
)

/** A text made of these pieces, some of them repeated up to the maximum length. */
export function pumped(pieces: readonly string[], maxLength: number): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...pieces) },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 4 }) },
  )
  const run = fc
    .tuple(fc.array(piece, { minLength: 1, maxLength: 4 }), fc.constantFrom(1, 1, 2, 3, maxLength))
    .map(([some, times]) => {
      const text = some.join('')
      return text.repeat(Math.min(times, Math.ceil(maxLength / 2 / (text.length + 1))))
    })
  return fc.array(run, { maxLength: 6 }).map((runs) => runs.join('').slice(0, maxLength))
}

/** JSON nested to any depth. */
export const deepJson: fc.Arbitrary<string> = fc
  .tuple(
    fc.constantFrom(['[', ']'], ['[1,', ']'], ['{"a":', '}'], ['{"a":1,"b":', '}'], ['[[],', ']']),
    fc.nat(4_000),
    fc.constantFrom('1', '"a"', '{}', '[1,2]'),
  )
  .map(([[open = '', close = ''], depth, inside]) =>
    [open.repeat(depth), inside, close.repeat(depth)].join(''),
  )

/** Checks that a problem is one printable sentence. */
export function assertSentence(problem: string, maxLength = 1_000): void {
  if (problem === '') throw new Error('the problem is empty')
  if (problem.length > maxLength) throw new Error(`a problem of ${problem.length} characters`)
  if (printable(problem, maxLength) !== problem) throw new Error('the problem is not printable')
}

/** Throws unless the result is a value or a printable problem. */
export function assertParsed<T>(parsed: Parsed<T>): T | undefined {
  if (parsed.kind === 'valid') return parsed.value
  assertSentence(parsed.problem)
  return undefined
}
