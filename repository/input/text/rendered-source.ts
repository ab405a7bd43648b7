import { dirname, resolve } from 'node:path'

/**
 * Names rendered text as if it were one more file of the folder.
 *
 * @param file - the `kustomization.yaml` or `Chart.yaml` of the folder
 */
export const renderedSource = (file: string): string => `${file} (rendered)`

/**
 * Names the text of a folder that is rendered for an environment.
 *
 * @param file - the file that asks for it
 * @param environment - the folder whose definitions count for the text
 */
export const renderedFor = (file: string, folder: string, environment: string): string =>
  `${file} (rendered: ${folder} for ${environment})`

const form = /^(.*?) \(rendered(?:: (.*) for (.*))?\)$/s

/** Whether lines and columns are positions in rendered text, which isn't in any file. */
export const isRendered = (source: string): boolean => form.test(source)

/** Returns the file that something comes from. For rendered text, that is the `kustomization.yaml` or `Chart.yaml`. */
export const sourceFile = (source: string): string => form.exec(source)?.[1] ?? source

/** Returns the folder whose definitions count for a source. */
export const sourceFolder = (source: string): string => {
  const [, file = source, , environment] = form.exec(source) ?? []
  return resolve(environment ?? dirname(file))
}

/** Names rendered text in messages by its folder. */
export function describeRendered(source: string): string {
  const [, file = source, folder, environment] = form.exec(source) ?? []
  return folder === undefined
    ? `${dirname(file)} (rendered)`
    : `${folder} (rendered for ${environment})`
}
