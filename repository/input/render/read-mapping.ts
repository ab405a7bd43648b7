import { isObject, type JsonObject } from '../../../lib/shape.ts'
import type { Manifest } from '../document/manifest.ts'
import { toPlain } from '../document/to-plain.ts'
import { parseManifests } from '../read-manifests.ts'
import { readText } from '../text/read-text.ts'

/** A file of Helm or Kustomize. */
export interface MappingFile {
  readonly manifest: Manifest
  readonly object: JsonObject
}

/**
 * Reads a `Chart.yaml` or a `kustomization.yaml`.
 *
 * @returns undefined if it isn't a mapping
 * @throws FileError if it can't be read, or isn't valid YAML
 */
export function readMapping(file: string, command: string): MappingFile | undefined {
  const [manifest] = parseManifests(readText(file), file, { command })
  const object = manifest && toPlain(manifest)
  return manifest && isObject(object) ? { manifest, object } : undefined
}
