import { InputError } from '../../../command/input-error.ts'
import { isName, subdomainName } from '../../../lib/name-rules.ts'
import { printable } from '../../../lib/printable.ts'
import type { Kind } from '../../cluster/list-all.ts'

/** The kinds that have pods, and pods themselves. */
const targets = [
  { kind: 'Pod', api: 'api/v1', resource: 'pods', names: ['pod', 'pods', 'po'] },
  {
    kind: 'Deployment',
    api: 'apis/apps/v1',
    resource: 'deployments',
    names: ['deployment', 'deployments', 'deploy'],
  },
  {
    kind: 'StatefulSet',
    api: 'apis/apps/v1',
    resource: 'statefulsets',
    names: ['statefulset', 'statefulsets', 'sts'],
  },
  {
    kind: 'DaemonSet',
    api: 'apis/apps/v1',
    resource: 'daemonsets',
    names: ['daemonset', 'daemonsets', 'ds'],
  },
  {
    kind: 'ReplicaSet',
    api: 'apis/apps/v1',
    resource: 'replicasets',
    names: ['replicaset', 'replicasets', 'rs'],
  },
  { kind: 'Job', api: 'apis/batch/v1', resource: 'jobs', names: ['job', 'jobs'] },
  {
    kind: 'CronJob',
    api: 'apis/batch/v1',
    resource: 'cronjobs',
    names: ['cronjob', 'cronjobs', 'cj'],
  },
] as const

/** The names of each kind, as kubectl accepts them. The first one is the usual one. */
export const targetNames = targets.map(({ names }) => names)

/** The object that `doctor` is to look at. */
export interface DoctorTarget extends Kind {
  readonly name: string
}

/**
 * Parses `pod NAME` or `deployment/NAME`, with all names of a kind that kubectl accepts.
 *
 * @throws InputError if it is neither
 */
export function parseTarget(words: readonly string[]): DoctorTarget {
  const [first = '', ...others] = words
  const [kindName = '', name] = first.includes('/') ? splitOnce(first) : [first, others.shift()]
  const found = targets.find(({ names }) => names.some((one) => one === kindName.toLowerCase()))
  if (found === undefined || name === undefined || others.length > 0)
    throw new InputError(
      `"${printable(words.join(' '), 200)}": expected pod NAME or KIND/NAME; the kinds are ${targets.map(({ names: [one] }) => one).join(', ')}`,
    )
  if (!isName(name, subdomainName))
    throw new InputError(
      `"${printable(name)}" isn’t the name of a ${found.kind}: expected ${subdomainName.sentence}`,
    )
  return { kind: found.kind, api: found.api, resource: found.resource, name }
}

const splitOnce = (text: string): readonly [string, string] => {
  const at = text.indexOf('/')
  return [text.slice(0, at), text.slice(at + 1)]
}
