import { parseAllDocuments } from 'yaml'

/** A parsed manifest. It is untyped, because the tests read too many different fields to declare them all. */
export type Manifest = ReturnType<ReturnType<typeof parseAllDocuments>[number]['toJS']>

/** Parses YAML documents. `find` returns the object of a kind, and of a name if there are several. */
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

/** The environment variables of a container that have a plain value. */
export const environmentOf = (container: Manifest): Readonly<Record<string, string>> =>
  Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  )
