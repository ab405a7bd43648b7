import { parseAllDocuments } from 'yaml'

/** What the tests look at of a manifest is too much to spell out: `yaml` gives it as it is written. */
export type Manifest = ReturnType<ReturnType<typeof parseAllDocuments>[number]['toJS']>

/** The objects of a text of YAML documents, and a way to them by kind and, where there are several, name. */
export function readRendered(text: string) {
  const objects: readonly Manifest[] = parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null)
  const find = (kind: string, name?: string): Manifest =>
    objects.find(
      (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
    )
  return { objects, find }
}

/** The plain variables of a container. */
export const environmentOf = (container: Manifest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  )
