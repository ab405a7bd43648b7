/** All values in plain data, from the outside to the inside, with the value itself. */
export function* valuesIn(value: unknown): Generator {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    yield next
    if (typeof next === 'object' && next !== null)
      for (const inner of Object.values(next)) open.push(inner)
  }
}
