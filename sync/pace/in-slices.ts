import { setImmediate } from 'node:timers/promises'

const sliceLength = 250

/** Calls back for each item, and lets the event loop turn after each slice of items, so that a long list blocks nobody. */
export async function forEachInSlices<T>(
  items: readonly T[],
  each: (item: T) => void,
): Promise<void> {
  for (let start = 0; start < items.length; start += sliceLength) {
    if (start > 0) await setImmediate()
    for (const item of items.slice(start, start + sliceLength)) each(item)
  }
}
