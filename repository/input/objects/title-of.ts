import type { PodTemplate } from './find-objects.ts'

/** Names an object in messages, or one of its pod templates if it has several. */
export const titleOf = ({ title, part }: Pick<PodTemplate, 'title' | 'part'>): string =>
  part === undefined ? title : `${title}, ${part}`
