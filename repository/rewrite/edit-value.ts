/** Plain data that can be changed at a path, in a copy. */
export type EditableValue = ReturnType<typeof editValue>

export type ValuePath = readonly (string | number)[]

type Container = unknown[] | Record<string, unknown>

/**
 * Makes plain data editable. Nothing in the original changes: it may share values between places, as YAML's aliases do,
 * and a change in one place must not change the others.
 */
export function editValue(original: unknown) {
  /** Containers that have been copied already, so that they may be changed. */
  const copies = new WeakSet<Container>()
  let root = original

  const ownCopy = (value: unknown): Container => {
    if (isContainer(value) && copies.has(value)) return value
    const copy = Array.isArray(value) ? [...value] : isContainer(value) ? { ...value } : {}
    copies.add(copy)
    return copy
  }
  /** Returns the container that a path leads to, and adds objects that are missing on the way. */
  const open = (path: ValuePath): Container => {
    let at = ownCopy(root)
    root = at
    for (const key of path) {
      const next = ownCopy(memberOf(at, key))
      setMember(at, key, next)
      at = next
    }
    return at
  }
  const get = (path: ValuePath) => path.reduce<unknown>(memberOf, root)
  return {
    /** The changed copy. It shares what didn't change with the original. */
    value: () => root,
    /** The value at a path. Undefined if there is none. */
    get,
    /** Sets a member of an object. In an array, inserts before the item of this index, as JSON Patch does. */
    add(path: ValuePath, value: unknown) {
      const key = path.at(-1) ?? ''
      const parent = open(path.slice(0, -1))
      if (Array.isArray(parent)) parent.splice(Number(key), 0, value)
      else setMember(parent, key, value)
    },
    /** Removes a member of an object or an item of an array. Nothing happens if there is none. */
    remove(path: ValuePath) {
      if (get(path) === undefined) return
      const key = path.at(-1) ?? ''
      const parent = open(path.slice(0, -1))
      if (Array.isArray(parent)) parent.splice(Number(key), 1)
      else delete parent[key]
    },
  }
}

const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null

/** Undefined if there is none. Inherited members, such as `constructor`, don't count. */
export const memberOf = (value: unknown, key: string | number): unknown =>
  isContainer(value) && Object.hasOwn(value, key)
    ? (value as Record<string | number, unknown>)[key]
    : undefined

function setMember(container: Container, key: string | number, value: unknown): void {
  // An assignment to `__proto__` would change the prototype.
  Object.defineProperty(container, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}
