import fc from 'fast-check'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A change to one place of a JSON value. Some changes insert a part of `other`, another sample. */
type Change =
  | { readonly kind: 'set'; readonly value: unknown }
  | { readonly kind: 'remove' }
  | { readonly kind: 'repeat'; readonly times: number }
  | { readonly kind: 'rename'; readonly name: string }
  | { readonly kind: 'graft'; readonly other: unknown }

/**
 * Samples of JSON with a few changed places: replaced, removed, repeated in their list, moved to
 * another name, or replaced by the same place of another sample.
 *
 * @param strings - replacements for strings
 */
export function mutatedJson(
  samples: readonly unknown[],
  strings: fc.Arbitrary<string>,
): fc.Arbitrary<unknown> {
  const sample = fc.constantFrom(...samples)
  const value = fc.oneof(
    { weight: 3, arbitrary: strings },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
    { weight: 1, arbitrary: fc.constantFrom<unknown>(null, '', 0, -1, 1e99, true, [], {}, [[]]) },
  )
  const change: fc.Arbitrary<Change> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('set' as const), value }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'remove' as const }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('repeat' as const),
        times: fc.constantFrom(2, 3, 50, 1200),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('rename' as const),
        name: fc.oneof(fc.constantFrom('__proto__', 'constructor', 'toString'), strings),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('graft' as const), other: sample }) },
  )
  const steps = fc.array(fc.nat(), { minLength: 1, maxLength: 8 })
  const changes = fc.array(fc.tuple(steps, change), { minLength: 1, maxLength: 5 })
  return fc.tuple(sample, changes).map(([value, all]) => {
    const changed = structuredClone(value) as Json
    for (const [path, what] of all) applyChange(changed, path, what)
    return changed
  })
}

/** @param path - the index of the member at each level, modulo the number of members */
function applyChange(root: Json, path: readonly number[], change: Change): void {
  let parent = root
  const names: string[] = []
  for (const step of path) {
    const members = membersOf(parent)
    const name = members[step % Math.max(members.length, 1)]
    if (name === undefined) break
    names.push(name)
    const next = memberOf(parent, name)
    if (names.length === path.length || membersOf(next).length === 0) {
      changeMember(parent, names, change)
      return
    }
    parent = next
  }
}

function changeMember(parent: Json, names: readonly string[], change: Change): void {
  const name = names.at(-1) as string
  const value = memberOf(parent, name)
  switch (change.kind) {
    case 'set':
      setMember(parent, name, structuredClone(change.value) as Json)
      break
    case 'remove':
      removeMember(parent, name)
      break
    case 'repeat':
      if (Array.isArray(parent))
        parent.splice(Number(name), 1, ...Array.from({ length: change.times }, () => value))
      break
    case 'rename':
      removeMember(parent, name)
      setMember(parent, Array.isArray(parent) ? name : change.name, value)
      break
    case 'graft': {
      const grafted = names.reduce((at, name) => memberOf(at, name), change.other as Json)
      setMember(parent, name, structuredClone(grafted))
      break
    }
    default:
      change satisfies never
  }
}

const membersOf = (value: Json): readonly string[] =>
  typeof value === 'object' && value !== null ? Object.keys(value) : []

function memberOf(value: Json, name: string): Json {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null
  return (value as { readonly [key: string]: Json })[name] ?? null
}

function setMember(parent: Json, name: string, value: Json): void {
  if (typeof parent !== 'object' || parent === null) return
  // As JSON.parse does, also for __proto__.
  Object.defineProperty(parent, name, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

function removeMember(parent: Json, name: string): void {
  if (Array.isArray(parent)) parent.splice(Number(name), 1)
  else if (typeof parent === 'object' && parent !== null) delete parent[name]
}
