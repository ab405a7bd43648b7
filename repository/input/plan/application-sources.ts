import { type JsonObject, objectAt, objectsAt } from '../../../lib/shape.ts'

/** Lists the sources of an Application, from its specification. */
export const applicationSources = (spec: JsonObject): readonly JsonObject[] => [
  ...('source' in spec ? [objectAt(spec, 'source')] : []),
  ...objectsAt(spec, 'sources'),
]

/** Returns a path, or the folder before the template in it. */
export function folderBeforeTemplate(path: string): string {
  const [start = ''] = path.split('{{')
  return start === path ? path : start.replace(/[^/]*$/, '')
}
