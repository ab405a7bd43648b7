import { dirname } from 'node:path'

const mark = ' (rendered)'

/**
 * Names what was rendered, as if it were one more file of the folder.
 *
 * @param file - the `kustomization.yaml` or `Chart.yaml` of the folder
 */
export const renderedSource = (file: string): string => `${file}${mark}`

/** Whether lines and columns are those of a rendered text, which no file has. */
export const isRendered = (source: string): boolean => source.endsWith(mark)

/** The file that something comes from: the `kustomization.yaml` or `Chart.yaml` if it was rendered. */
export const sourceFile = (source: string): string =>
  isRendered(source) ? source.slice(0, -mark.length) : source

/** How messages name what was rendered: by its folder. */
export const describeRendered = (source: string): string => `${dirname(source)}${mark}`
