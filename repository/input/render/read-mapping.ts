import { isObject, type JsonObject } from '../../../lib/shape.ts'
import type { Manifest } from '../document/manifest.ts'
import { toPlain } from '../document/to-plain.ts'
import { parseManifests } from '../read-manifests.ts'
import { readText } from '../text/read-text.ts'
import { refuseForeignLineBreaks } from './foreign-line-breaks.ts'

/** A file of Helm or Kustomize. */
export interface MappingFile {
  readonly manifest: Manifest
  readonly object: JsonObject
}

/**
 * Reads a `Chart.yaml` or a `kustomization.yaml`, which Helm or kustomize reads after us.
 *
 * @returns undefined if it isn't a mapping
 * @throws FileError if it can't be read, isn't valid YAML, or may be read differently
 */
export function readMapping(file: string, command: string): MappingFile | undefined {
  const text = readText(file)
  refuseForeignLineBreaks(text, file)
  const [manifest] = parseManifests(text, file, { command })
  const object = manifest && toPlain(manifest)
  return manifest && isObject(object) ? { manifest, object } : undefined
}
