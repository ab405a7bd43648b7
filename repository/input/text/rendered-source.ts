import { dirname } from 'node:path'

const mark = ' (rendered)'

/**
 * Names rendered text as if it were one more file of the folder.
 *
 * @param file - the `kustomization.yaml` or `Chart.yaml` of the folder
 */
export const renderedSource = (file: string): string => `${file}${mark}`

/** Whether lines and columns are positions in rendered text, which isn't in any file. */
export const isRendered = (source: string): boolean => source.endsWith(mark)

/** Returns the file that something comes from. For rendered text, that is the `kustomization.yaml` or `Chart.yaml`. */
export const sourceFile = (source: string): string =>
  isRendered(source) ? source.slice(0, -mark.length) : source

/** Names rendered text in messages by its folder. */
export const describeRendered = (source: string): string => `${dirname(source)}${mark}`
