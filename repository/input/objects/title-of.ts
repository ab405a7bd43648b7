import type { PodTemplate } from './find-objects.ts'

/** How messages name an object, or one of its pod templates if it has several. */
export const titleOf = ({ title, part }: Pick<PodTemplate, 'title' | 'part'>): string =>
  part === undefined ? title : `${title}, ${part}`
