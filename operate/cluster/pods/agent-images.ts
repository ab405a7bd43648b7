import type { Confirmed } from '../../../command/said.ts'

/** The images that run the agent, and how we know. */
export type AgentImages = Confirmed<readonly string[]>

/** Whether an image is one of these. An entry without a tag and a digest stands for every image of its repository. */
export const isAgentImage = ({ value }: AgentImages, image: string): boolean =>
  value.some((known) => known === image || known === repositoryOf(image))

/** An image without its tag and its digest. The part before the first slash may have a port. */
export const repositoryOf = (image: string): string =>
  image.replace(/@.*$/s, '').replace(/:[^:/]*$/, '')
