import { objectAt, scalarText, valueAt } from '../../lib/shape.ts'
import { jsonOf } from '../tools/json-of.ts'
import type { Tools } from '../tools/tools.ts'
import type { HowToFind, OwnMark, Presence, Resource } from './resource.ts'

/** Looks whether a resource exists. It never goes by what an earlier run recorded. */
export async function findResource(
  { find, name }: Pick<Resource, 'find' | 'name'>,
  tools: Tools,
): Promise<Presence> {
  switch (find.by) {
    case 'object': {
      const { code, stdout } = await tools.run(find.call)
      if (code !== 0) return 'unknown'
      return stdout.trim() === '' ? 'absent' : presenceOf(jsonOf(stdout), find.mark)
    }
    case 'label': {
      const { code, stdout } = await tools.run(find.call)
      if (code !== 0) return 'unknown'
      return stdout.trim() === '' ? 'absent' : 'present'
    }
    case 'list': {
      const { code, stdout } = await tools.run(find.call)
      const listed = code === 0 ? jsonOf(stdout) : undefined
      if (!Array.isArray(listed)) return 'unknown'
      const item = listed.find((item) => isNamed(item, name))
      return item === undefined ? 'absent' : presenceOf(item, find.mark)
    }
    case 'names':
      return await findNames(find, tools)
    default:
      return find satisfies never
  }
}

/** Azure's names ignore case. */
const isNamed = (item: unknown, name: string): boolean =>
  scalarText(valueAt(item, 'name')).toLowerCase() === name

function presenceOf(object: unknown, { at, key, value, isId }: OwnMark): Presence {
  const found = scalarText(objectAt(object, ...at)[key])
  const isOurs = isId ? found.toLowerCase() === value.toLowerCase() : found === value
  return isOurs ? 'present' : 'foreign'
}

async function findNames(find: HowToFind & { by: 'names' }, tools: Tools): Promise<Presence> {
  const { status, body } = await tools.control(find.call)
  const identities = valueAt(body, 'identities')
  const vaults = valueAt(body, 'vaults')
  // Something else may listen at that port.
  if (status !== 200 || !Array.isArray(identities) || !Array.isArray(vaults)) return 'unknown'
  const isThere =
    find.identities.some((id) => identities.includes(id)) ||
    find.vaults.some((name) => vaults.includes(name))
  return isThere ? 'present' : 'absent'
}
