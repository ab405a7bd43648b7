import { objectAt, objectsAt, scalarText } from '../../lib/shape.ts'
import { jsonOf } from '../tools/json-of.ts'
import type { Tools } from '../tools/tools.ts'
import type { Requirement } from './scenario.ts'

export interface FoundInstall {
  /** `1.36.3`, or undefined if the API server doesn't say. */
  readonly kubernetes: string | undefined
  /** The number of nodes. */
  readonly nodes: number
  /** Whether all nodes are AKS's. */
  readonly isAks: boolean
  readonly has: ReadonlySet<Requirement>
}

/** Reads what the install has from its two Deployments. Undefined if the webhook's can't be read. */
export async function readInstall(
  tools: Tools,
  installNamespace: string,
): Promise<FoundInstall | undefined> {
  const get = async (...args: readonly string[]) => {
    const { code, stdout } = await tools.run({ tool: 'kubectl', args })
    return code === 0 ? jsonOf(stdout) : undefined
  }
  const deployment = (name: string) =>
    get(...['get', 'deployment', name, '--namespace', installNamespace, '--output=json'])
  const webhook = await deployment('akv-injector-webhook')
  if (webhook === undefined) return undefined
  const sync = await deployment('akv-injector-sync')
  const kubernetes = numbersOf(
    objectAt(await get('version', '--output=json'), 'serverVersion')['gitVersion'],
  )
  const nodes = objectsAt(await get('get', 'nodes', '--output=json'), 'items')
  const operators = await get(
    ...['get', 'deployments', '--all-namespaces', '--output=json'],
    '--selector=app.kubernetes.io/name=external-secrets',
  )
  return {
    kubernetes,
    nodes: nodes.length,
    isAks: nodes.length > 0 && nodes.every(isAksNode),
    has: new Set(found({ webhook, sync, operators, kubernetes })),
  }
}

const isAksNode = (node: unknown): boolean =>
  objectAt(node, 'metadata', 'labels')['kubernetes.azure.com/cluster'] !== undefined

function found({
  webhook,
  sync,
  operators,
  kubernetes,
}: {
  readonly webhook: unknown
  readonly sync: unknown
  /** Of the External Secrets Operator, which would make the same Secret. Undefined if nobody says. */
  readonly operators: unknown
  readonly kubernetes: string | undefined
}): readonly Requirement[] {
  const [container] = containersOf(sync)
  const args = container === undefined ? undefined : JSON.stringify(container['args'] ?? [])
  const [server] = containersOf(webhook)
  const isFast = objectsAt(server, 'env').some(
    ({ name, value }) => name === 'AKV_INJECTOR_AGENT_FAST_START' && value === 'true',
  )
  const hasBinding = objectsAt(server, 'env').some(
    ({ name }) => name === 'AKV_INJECTOR_IDENTITY_BINDING_TOKEN_PROXY',
  )
  const [, minor = 0] = (kubernetes ?? '').split('.').map(Number)
  return [
    ...(minor >= 35 ? (['variables'] as const) : []),
    ...(isFast ? (['fast-start'] as const) : []),
    ...(hasBinding ? (['identity-binding'] as const) : []),
    ...(args === undefined ? [] : (['secret-sync'] as const)),
    ...(args?.includes('"--classes"') ? (['classes'] as const) : []),
    ...(args?.includes('"--external-secrets"') && hasNone(operators)
      ? (['external-secrets'] as const)
      : []),
    ...(args?.includes('"--rollouts"') ? (['roll-outs'] as const) : []),
  ]
}

const hasNone = (list: unknown): boolean =>
  list !== undefined && objectsAt(list, 'items').length === 0

const containersOf = (deployment: unknown) =>
  objectsAt(deployment, 'spec', 'template', 'spec', 'containers')

/** The numbers of a version. What follows them may say where the cluster runs. */
const numbersOf = (version: unknown): string | undefined =>
  /^v?(\d{1,4}\.\d{1,4}\.\d{1,4})(?![\d.])/.exec(scalarText(version))?.[1]
