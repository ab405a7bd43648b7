import { join } from 'node:path'

/** What the packages know of a value: members, which are required, patterns, lengths and accepted words. */
type Mapper = unknown

interface Serializer {
  serialize(mapper: Mapper, value: unknown, name: string): unknown
  deserialize(mapper: Mapper, value: unknown, name: string): unknown
}

/** Mappers and parameters of a package that Microsoft generates from its published OpenAPI. */
interface Models {
  readonly serializer: Serializer
  readonly mappers: Readonly<Record<string, Mapper>>
  readonly parameters: Readonly<Record<string, { readonly mapper: Mapper }>> | undefined
}

/** What a request is checked against: where it goes, and what it sends. */
interface Published {
  readonly package: '@azure/arm-keyvault' | '@azure/arm-msi' | '@azure/arm-authorization'
  /** Of the body. Absent if the request has none. */
  readonly mapper?: string
  /** By the name of the parameter in the package, such as `vaultName`. */
  readonly parameters: Readonly<Record<string, string>>
}

export type Check = (published: Published, body: unknown) => readonly string[]

/** @param folder - where the three packages are installed, see .ci/run */
export async function loadPublishedModels(folder: string): Promise<Check> {
  const load = (file: string) => import(join(folder, 'node_modules/@azure', file))
  const { createSerializer } = await load('core-client/dist/esm/index.js')
  const modelsOf = async (path: string, hasParameters = true): Promise<Models> => {
    const mappers = await load(`${path}/mappers.js`)
    const parameters = hasParameters ? await load(`${path}/parameters.js`) : undefined
    return { mappers, parameters, serializer: createSerializer({ ...mappers }) }
  }
  const models = {
    '@azure/arm-keyvault': await modelsOf('arm-keyvault/dist/esm/models'),
    '@azure/arm-msi': await modelsOf('arm-msi/dist/esm/models'),
    // Node can’t load its parameters.
    '@azure/arm-authorization': await modelsOf('arm-authorization/dist-esm/src/models', false),
  }
  return (published, body) => problemsOf(models[published.package], published, body)
}

function problemsOf(models: Models, { mapper, parameters }: Published, body: unknown) {
  const { serializer } = models
  const problems: string[] = []
  const attempt = (what: string, run: () => boolean) => {
    try {
      if (!run()) problems.push(`${what} has members that the OpenAPI doesn’t have`)
    } catch (error) {
      problems.push(`${what}: ${error}`)
    }
  }
  for (const [name, value] of Object.entries(models.parameters === undefined ? {} : parameters)) {
    const known = models.parameters?.[name]
    if (known === undefined) throw new Error(`no parameter ${name}`)
    attempt(name, () => serializer.serialize(known.mapper, value, name) === value)
  }
  if (mapper === undefined) return problems
  const known = models.mappers[mapper]
  if (known === undefined) throw new Error(`no mapper ${mapper}`)
  // Reading drops unknown members, and writing refuses values that are missing or not allowed. It adds defaults.
  attempt(mapper, () =>
    isPartOf(
      body,
      serializer.serialize(known, serializer.deserialize(known, body, mapper), mapper),
    ),
  )
  return problems
}

function isPartOf(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part === whole
  return Object.entries(part).every(
    ([name, value]) => value === null || isPartOf(value, Object(whole)[name]),
  )
}
