import { objectsAt } from '../../../lib/shape.ts'
import { type Kind, listAll } from '../list-all.ts'
import { mayRead } from '../may-read.ts'
import type { Cluster } from '../open-cluster.ts'
import { type AgentImages, repositoryOf } from './agent-images.ts'

export interface AgentImageOptions {
  /** Named by the caller. */
  readonly agentImage?: readonly string[]
  /** The namespace of akv-injector. Absent: any. */
  readonly installNamespace?: string
}

const deployments: Kind = { kind: 'Deployment', api: 'apis/apps/v1', resource: 'deployments' }
const imageVariable = 'AKV_INJECTOR_AGENT_IMAGE'

/**
 * The images that run agents: those that the caller names, or else all of the repository that the webhook takes the agent from,
 * because pods keep the image of the version that injected them.
 *
 * @returns undefined if the webhook may not be read, or isn't found; a notice says so
 */
export async function findAgentImages(
  cluster: Pick<Cluster, 'get' | 'post' | 'notices'>,
  { agentImage, installNamespace }: AgentImageOptions,
): Promise<AgentImages | undefined> {
  if (agentImage !== undefined) return agentImage
  const what = 'the Deployment of the webhook, which has the agent’s image,'
  const right = { what, group: 'apps', resource: 'deployments', namespace: installNamespace }
  if (!(await mayRead(cluster, right))) return undefined
  const images = new Set<string>()
  await listAll(cluster, deployments, {
    namespace: installNamespace,
    selector: 'app.kubernetes.io/component=webhook',
    onObject: (deployment) => {
      for (const image of agentImagesOf(deployment)) images.add(repositoryOf(image))
    },
  })
  if (images.size > 0) return [...images]
  cluster.notices.say(
    'no webhook of akv-injector was found, so the images of agents could not be compared; name them with --agent-image',
  )
  return undefined
}

function agentImagesOf(deployment: unknown): readonly string[] {
  const containers = objectsAt(deployment, 'spec', 'template', 'spec', 'containers')
  return containers.flatMap(({ env }) =>
    objectsAt(env).flatMap(({ name, value }) =>
      name === imageVariable && typeof value === 'string' ? [value] : [],
    ),
  )
}
