import type { Confirmed } from '../../../command/said.ts'

/** The images that run the agent, and who says so. */
export type AgentImages = Confirmed<readonly string[]>

/**
 * Whether an image is one of these. One that is named without a tag and a digest stands for all of its repository.
 */
export const isAgentImage = ({ value }: AgentImages, image: string): boolean =>
  value.some((known) => known === image || known === repositoryOf(image))

/** An image without its tag and its digest. The part before the first slash may have a port. */
export const repositoryOf = (image: string): string =>
  image.replace(/@.*$/s, '').replace(/:[^:/]*$/, '')
