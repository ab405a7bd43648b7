import { countOf } from '../../../lib/count-of.ts'
import type { RenderFolder } from '../../input/text/find-files.ts'

/** What a command has read, and which files it skipped because they have to be rendered first. */
interface Seen {
  readonly files: number
  readonly documents: number
  readonly unrendered: readonly RenderFolder[]
}

/** Describes what was read, for input in which nothing is of interest. */
export function describeNothing({ files, documents, unrendered }: Seen): string {
  const ofKind = (kind: RenderFolder['kind']) =>
    unrendered.filter((folder) => folder.kind === kind).length
  const folders = [
    { count: ofKind('kustomization'), noun: 'Kustomize folder' },
    { count: ofKind('chart'), noun: 'Helm chart' },
  ].flatMap(({ count, noun }) => (count === 0 ? [] : countOf(count, noun)))
  const notRead = folders.length === 0 ? '' : `${folders.join(' and ')} not rendered, `
  return documents === 0
    ? `${notRead}no manifests found`
    : `${notRead}${countOf(documents, 'document')} in ${countOf(files, 'file')} without ${kinds}`
}

const kinds =
  'pods, pod templates, SecretProviderClasses, ExternalSecrets, or annotated ServiceAccounts or Secrets'
