import { objectsAt } from '../../../lib/shape.ts'
import { findWebhooks, type Webhooks } from '../find-webhook.ts'
import type { Cluster } from '../open-cluster.ts'
import { type AgentImages, repositoryOf } from './agent-images.ts'

export interface AgentImageOptions {
  /** The images that the caller names. */
  readonly agentImage?: readonly string[]
  /** The namespace of akv-injector. Absent: that of the webhook configuration. */
  readonly installNamespace?: string
}

const imageVariable = 'AKV_INJECTOR_AGENT_IMAGE'

/**
 * Finds the images that run agents: those that the caller names, or else every image of the repository in the webhook's
 * settings. Not just the current image, because a pod keeps the image of the version that injected it.
 *
 * @returns undefined if the webhook may not be read, or isn't found; a notice says so
 */
export async function findAgentImages(
  cluster: Pick<Cluster, 'get' | 'post' | 'notices'>,
  { agentImage, installNamespace }: AgentImageOptions,
): Promise<AgentImages | undefined> {
  if (agentImage !== undefined) return { by: 'options', value: agentImage }
  const webhooks = await findWebhooks(cluster, { installNamespace })
  const images = agentImagesOf(webhooks)
  if (webhooks !== undefined && images === undefined)
    cluster.notices.say(
      'no webhook of akv-injector was found, so the images of agents could not be compared; name them with --agent-image',
    )
  return images
}

/** The repositories of the agent images in the settings of these webhooks. Undefined if there are none. */
export function agentImagesOf(webhooks: Webhooks | undefined): AgentImages | undefined {
  if (webhooks === undefined) return undefined
  const images = webhooks.value.flatMap((deployment) =>
    objectsAt(deployment, 'spec', 'template', 'spec', 'containers').flatMap(({ env }) =>
      objectsAt(env).flatMap(({ name, value }) =>
        name === imageVariable && typeof value === 'string' ? [repositoryOf(value)] : [],
      ),
    ),
  )
  return images.length === 0 ? undefined : { by: webhooks.by, value: [...new Set(images)] }
}
