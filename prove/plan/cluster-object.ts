import type { JsonObject } from '../../lib/shape.ts'
import { mark } from './facts.ts'
import type { Made } from './made.ts'
import type { Resource } from './resource.ts'

interface ClusterObject extends Pick<Resource, 'kind' | 'name' | 'sentence'> {
  /** What kubectl calls it. */
  readonly type: string
  /** The object without its metadata. */
  readonly objectOf: (made: Made) => JsonObject & { readonly kind: string }
}

/** An object that is in no namespace. It is marked by a label. */
export const clusterObject = ({
  kind,
  name,
  sentence,
  type,
  objectOf,
}: ClusterObject): Resource => ({
  ...{ kind, name, sentence },
  make: [
    {
      call: (made) => ({
        tool: 'kubectl',
        // Unlike `apply`, this never puts our label on an object that exists.
        args: ['create', '--request-timeout=60s'],
        objects: [{ ...objectOf(made), metadata: { name, labels: { [mark[0]]: mark[1] } } }],
      }),
    },
  ],
  find: {
    by: 'object',
    call: { tool: 'kubectl', args: ['get', type, name, '--ignore-not-found', '--output=json'] },
    mark: { at: ['metadata', 'labels'], key: mark[0], value: mark[1] },
  },
  remove: [
    { tool: 'kubectl', args: ['delete', type, name, '--ignore-not-found', '--timeout=150s'] },
  ],
})
