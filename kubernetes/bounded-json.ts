import type { Clock } from '../lib/clock.ts'
import { createStopwatch } from '../lib/fair/stopwatch.ts'
import { JsonOutline } from '../lib/json/json-outline.ts'
import { type JsonMeasure, measureJson } from '../lib/json/measure-json.ts'
import type { OutlinePath } from '../lib/json/wanted-places.ts'

/** What a JSON text may have, so that parsing it takes little time and memory. */
export interface JsonBounds {
  readonly maxBytes: number
  readonly maxValues: number
}

/** A text that has been read whole, or too large a text, of which only an outline has been read. */
export type ReadJson =
  | { readonly kind: 'whole'; readonly text: string }
  | { readonly kind: 'outlined'; readonly outline: object }

export type BoundedJson = ReturnType<typeof createBoundedJson>

/** An outline keeps at most this much for each path: Kubernetes bounds the annotations of an object to half of it. */
const maxOutlineBytes = 512 * 1024

/**
 * Reads a JSON text part by part. Checks its bounds before it keeps a part, so a text beyond them takes no memory.
 *
 * @param options - `paths`: the places of an outline; `clock`: measures how long reading takes
 */
export function createBoundedJson(
  { maxBytes, maxValues }: JsonBounds,
  { paths, clock }: { readonly paths: readonly OutlinePath[]; readonly clock: Pick<Clock, 'now'> },
) {
  const stopwatch = createStopwatch(clock)
  let parts: Uint8Array[] = []
  let bytes = 0
  let measure: JsonMeasure | undefined
  let outline: JsonOutline | undefined
  function readPart(part: Uint8Array): boolean {
    bytes += part.length
    if (outline !== undefined) {
      outline.read(part)
      return false
    }
    measure = measureJson(part, measure && { before: measure })
    parts.push(part)
    if (bytes <= maxBytes && measure.values <= maxValues) return true
    outline = new JsonOutline({ paths, maxBytes: maxOutlineBytes })
    for (const part of parts) outline.read(part)
    parts = []
    return false
  }
  return {
    isEmpty: () => bytes === 0,
    /** @returns false if the text is beyond the bounds */
    read: (part: Uint8Array): boolean => stopwatch.time(() => readPart(part)),
    end: (): ReadJson =>
      stopwatch.time(() =>
        outline
          ? { kind: 'outlined', outline: outline.outline }
          : { kind: 'whole', text: Buffer.concat(parts).toString() },
      ),
    /** Measures what reading the text takes, and what is done with it. */
    stopwatch,
  }
}
