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
  | { readonly kind: 'whole'; readonly text: string; readonly microseconds: number }
  | { readonly kind: 'outlined'; readonly outline: object; readonly microseconds: number }

/** An outline keeps at most this much: Kubernetes bounds the annotations of an object to half of it. */
const maxOutlineBytes = 512 * 1024
/** What parsing and handling costs in microseconds of one core, and what it costs to make an outline. */
const costs = { text: 100, byte: 0.01, value: 1, outlinedByte: 0.01 } as const

/**
 * Reads a JSON text part by part. Checks its bounds before it keeps a part, so a text beyond them takes no memory.
 *
 * @param paths - the places of an outline
 */
export function createBoundedJson(
  { maxBytes, maxValues }: JsonBounds,
  paths: readonly OutlinePath[],
) {
  let parts: Uint8Array[] = []
  let bytes = 0
  let measure: JsonMeasure | undefined
  let outline: JsonOutline | undefined
  return {
    isEmpty: () => bytes === 0,
    /** @returns false if the text is beyond the bounds */
    read(part: Uint8Array): boolean {
      bytes += part.length
      if (outline === undefined) {
        measure = measureJson(part, measure && { before: measure })
        parts.push(part)
        if (bytes <= maxBytes && measure.values <= maxValues) return true
        outline = new JsonOutline({ paths, maxBytes: maxOutlineBytes })
        for (const part of parts) outline.read(part)
        parts = []
        return false
      }
      outline.read(part)
      return false
    },
    end(): ReadJson {
      const microseconds =
        costs.text +
        (outline
          ? bytes * costs.outlinedByte
          : bytes * costs.byte + (measure?.values ?? 0) * costs.value)
      return outline
        ? { kind: 'outlined', outline: outline.outline, microseconds }
        : { kind: 'whole', text: Buffer.concat(parts).toString(), microseconds }
    },
  }
}
