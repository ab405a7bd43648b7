/** Yields all values in plain data: first the data itself, then the values inside, outer ones before inner ones. */
export function* valuesIn(value: unknown): Generator {
  const open: unknown[] = [value]
  while (open.length > 0) {
    const next = open.pop()
    yield next
    if (typeof next === 'object' && next !== null)
      for (const inner of Object.values(next)) open.push(inner)
  }
}
