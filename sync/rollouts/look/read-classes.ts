import { printable } from '../../../lib/printable.ts'
import { lookupProblem } from '../../../requests/class/looked-up.ts'
import type { SeenWorkload } from '../read/read-workload.ts'
import { readServedClass, type ServedClass } from '../read/served-class.ts'
import type { RolloutServices } from '../services/rollout-services.ts'

/** Each costs a request. The workloads of an account name no more, unless somebody wants many requests. */
export const maxClasses = 100
/** Of the sentences about classes that can't be used. */
const maxProblems = 3

interface ReadClasses {
  /** By name. Those that can't be used are left out. */
  readonly classes: ReadonlyMap<string, ServedClass>
  /** A sentence for each of the others, but at most a few. */
  readonly problems: readonly string[]
}

/**
 * Reads the SecretProviderClasses that workloads of one account name, each once.
 *
 * @throws AkvError if the API server doesn't answer
 */
export async function readClasses(
  workloads: readonly SeenWorkload[],
  {
    namespace,
    services,
  }: {
    readonly namespace: string
    readonly services: Pick<RolloutServices, 'cluster' | 'policy'>
  },
): Promise<ReadClasses> {
  const names = new Set(
    workloads.flatMap(({ asks, template }) =>
      asks === undefined || asks.isEnvOnly ? [] : template.classes,
    ),
  )
  const classes = new Map<string, ServedClass>()
  const problems =
    names.size > maxClasses
      ? [
          `its workloads name ${names.size} SecretProviderClasses, and only the objects of the first ${maxClasses} are watched; use more accounts`,
        ]
      : []
  for (const name of [...names].slice(0, maxClasses)) {
    const read = await readNamed(name, { namespace, services })
    if (typeof read === 'string')
      problems.push(`the objects of SecretProviderClass ${printable(name)} aren’t watched: ${read}`)
    else classes.set(name, read)
  }
  return { classes, problems: problems.slice(0, maxProblems) }
}

async function readNamed(
  name: string,
  { namespace, services }: Parameters<typeof readClasses>[1],
): Promise<ServedClass | string> {
  const { cluster, policy } = services
  const lookup = await cluster.readClass(namespace, name)
  switch (lookup.kind) {
    case 'found': {
      const read = readServedClass(lookup.object, { policy, namespace })
      return read.kind === 'valid' ? read.value : read.problem
    }
    case 'absent':
      return `namespace ${namespace} has no such SecretProviderClass; create it, or remove the volume`
    case 'forbidden':
      return 'the controller may not get it; apply the Role that "akv-injector rbac" prints'
    default:
      return lookupProblem(lookup, { kind: 'SecretProviderClass', namespace })
  }
}
