import { scalarText } from '../../../lib/shape.ts'
import type { Manifest } from '../document/manifest.ts'
import { templatePaths } from '../document/search-templates.ts'
import { findTemplate } from '../text/find-template.ts'
import { findNamedObjects, type NamedObject } from './find-objects.ts'
import { isCustom } from './is-custom.ts'

/**
 * Finds the first sign that a valid YAML document is a template of a Helm chart. Templates inside of objects for other
 * controllers, such as a HelmRelease or an ApplicationSet, don't count.
 *
 * @returns the offset in the file, in UTF-16 units
 */
export function findChartTemplate(manifest: Manifest): number | undefined {
  const { start, end } = manifest.section
  const offset = findTemplate(manifest.text.slice(start, end), 'helm')
  if (offset === undefined || findNamedObjects(manifest, '').every(isForTemplates)) return undefined
  return start + offset
}

const isForTemplates = (found: NamedObject): boolean =>
  isCustom(found) &&
  !readGroups.test(scalarText(found.object['apiVersion'])) &&
  templatePaths(found.object)?.length === 0

/** The API groups of objects that we read ourselves. */
const readGroups = /^(?:(?:[^/]*\.)?external-secrets\.io|secrets-store\.csi\.x-k8s\.io)\//
