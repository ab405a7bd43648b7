/** The same function, which computes the value of each key once. */
export function cached<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const values = new Map<Key, Value>()
  return (key) => {
    const known = values.get(key)
    if (known !== undefined) return known
    const value = compute(key)
    values.set(key, value)
    return value
  }
}

/** The same function, which computes its value when it is first asked for. */
export function once<Value>(compute: () => Value): () => Value {
  const value = cached((_: 'value') => compute())
  return () => value('value')
}
