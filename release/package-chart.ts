import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'

export interface ReleasedImage {
  /** Its name, without tag and digest. */
  readonly repository: string
  /** `sha256:…`, of the manifest list if there are several platforms. */
  readonly digest: string
}

const source = join(import.meta.dirname, '../manifests/chart')

/**
 * Copies the chart to `parent`, with the image of the release as its default.
 *
 * @returns the folder of the copy, named after the chart, as chart archives need it
 */
export function copyChart(parent: string, { repository, digest }: ReleasedImage): string {
  const folder = join(parent, 'akv-injector')
  cpSync(source, folder, { recursive: true })
  const file = join(folder, 'values.yaml')
  const values = parseDocument(readFileSync(file, 'utf8'))
  values.setIn(['image', 'repository'], repository)
  values.setIn(['image', 'digest'], digest)
  writeFileSync(file, values.toString({ lineWidth: 0, flowCollectionPadding: false }))
  return folder
}
