import { printable } from '../../lib/printable.ts'
import { invalid, type Parsed, valid } from '../../lib/problems/parsed.ts'
import { type Problem, type ProblemPlace, plainProblem } from '../../lib/problems/problem.ts'
import { isObject, type JsonObject } from '../../lib/shape.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import { withoutAbsent } from '../../lib/without-absent.ts'
import { forbiddenVaults } from '../administrator/choose-vaults.ts'
import type { CloudName, Policy } from '../administrator/policy.ts'
import { podSettings } from '../annotations/pod-settings.ts'
import { parseClassCloud } from './parse-class-cloud.ts'

/** How a class lets the provider sign in, if not with workload identity. */
export type OtherSignIn = 'pod identity' | "the node's identity"

/** The parameters of a SecretProviderClass of the Azure provider, as far as they are read. */
export interface ClassParameters {
  readonly vault?: string
  /** The object list, as text. */
  readonly objects?: string
  readonly clientId?: string
  /** True if the class names a client, even if its ID isn't valid. */
  readonly namesClient: boolean
  readonly tenantId?: string
  /** Asked for by a flag of the class. A pod never signs in that way. */
  readonly otherSignIn?: OtherSignIn
  readonly problems: readonly Problem[]
  /** The names of parameters that nobody reads. */
  readonly unknown: readonly string[]
}

/** Parameters that the provider reads, or once read, and that mean nothing here. */
const withoutEffect = ['resourceGroup', 'subscriptionId', 'cloudEnvFileName']
const read = [
  'keyvaultName',
  'objects',
  'clientID',
  'userAssignedIdentityID',
  'tenantID',
  'tenantId',
  'usePodIdentity',
  'useVMManagedIdentity',
  'useAzureTokenProxy',
  'cloudName',
]
const known: ReadonlySet<string> = new Set([...withoutEffect, ...read])

export const isKnownParameter = (name: string): boolean => known.has(name)

/** The place of a parameter: `parameters.objects`. */
export const parameterPlace = (name: string): ProblemPlace => ({
  path: ['spec', 'parameters', name],
  subject: `parameters.${name}`,
})

/** As many unknown parameters as a pod gets warnings. */
export const maxUnknown = 16

/**
 * Reads the parameters of a class (docs/specification.md, "Parameters of a SecretProviderClass").
 *
 * @param cloudName - the administrator's cloud; a class may only name the same one
 */
export function readClassParameters(found: unknown, cloudName: CloudName): ClassParameters {
  const parameters = found == null ? {} : found
  if (!isObject(parameters))
    return {
      ...nothingRead,
      problems: [
        {
          path: ['spec', 'parameters'],
          subject: 'parameters',
          sentence: 'expected a mapping of names to strings',
        },
      ],
    }
  const problems: Problem[] = []
  const text = (name: string) => readText(parameters, name, problems)
  const parsed = <T>(name: string, parse: (text: string) => Parsed<T>): T | undefined => {
    const value = text(name)
    if (value === undefined) return undefined
    const result = parse(value)
    if (result.kind === 'valid') return result.value
    problems.push({
      ...parameterPlace(name),
      found: printable(value),
      sentence: result.problem,
    })
    return undefined
  }
  const required = (name: string): void => {
    if (isAbsent(parameters, name))
      problems.push(plainProblem(`parameters.${name} is missing`, parameterPlace(name).path))
  }
  required('keyvaultName')
  required('objects')
  parsed('cloudName', (value) => parseClassCloud(value, cloudName))
  parsed('useAzureTokenProxy', refuseTokenProxy)
  const values = {
    vault: parsed('keyvaultName', podSettings.vault),
    objects: text('objects'),
    clientId: parsed('clientID', parseUuid) ?? parsed('userAssignedIdentityID', parseUuid),
    tenantId: parsed('tenantID', parseUuid) ?? parsed('tenantId', parseUuid),
    otherSignIn: isTrue(text('usePodIdentity'))
      ? ('pod identity' as const)
      : isTrue(text('useVMManagedIdentity'))
        ? ("the node's identity" as const)
        : undefined,
  }
  return {
    ...withoutAbsent(values),
    namesClient: namesClient(parameters),
    problems,
    unknown: unknownNames(parameters),
  }
}

const nothingRead: ClassParameters = { namesClient: false, problems: [], unknown: [] }

/** All that is wrong with the parameters of a class in a namespace: each alone, and by the administrator's policy. */
export function parameterProblems(
  { vault, problems }: Pick<ClassParameters, 'vault' | 'problems'>,
  context: { readonly policy: Policy; readonly namespace: string },
): readonly Problem[] {
  const forbidden = forbiddenVaults(vault === undefined ? [] : [vault], context)
  return [
    ...problems,
    ...forbidden.map((problem) => ({ ...problem, ...parameterPlace('keyvaultName') })),
  ]
}

/** Whether a class names a client to sign in as. */
export const namesClient = (parameters: unknown): boolean =>
  isObject(parameters) &&
  ['clientID', 'userAssignedIdentityID'].some((name) => !isAbsent(parameters, name))

function readText(parameters: JsonObject, name: string, problems: Problem[]): string | undefined {
  if (isAbsent(parameters, name)) return undefined
  const value = parameters[name]
  // The provider trims each parameter.
  if (typeof value === 'string') return value.trim()
  problems.push({ ...parameterPlace(name), sentence: 'expected a string' })
  return undefined
}

/** An empty parameter counts as absent. A parameter that the object inherits, such as `constructor`, isn't one. */
function isAbsent(parameters: JsonObject, name: string): boolean {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  return value == null || (typeof value === 'string' && value.trim() === '')
}

/** The provider reads booleans as Go does. It refuses other texts, but these parameters have no effect here. */
const isTrue = (text?: string): boolean =>
  text !== undefined && ['1', 't', 'T', 'true', 'True', 'TRUE'].includes(text)

const refuseTokenProxy = (text: string): Parsed<undefined> =>
  isTrue(text)
    ? invalid(
        'AKS identity bindings, a preview feature, are not supported; remove this parameter, and give the identity a federated credential for the service account',
      )
    : valid(undefined)

function unknownNames(parameters: JsonObject): readonly string[] {
  const unknown: string[] = []
  for (const name in parameters) {
    if (unknown.length === maxUnknown) break
    if (Object.hasOwn(parameters, name) && !isKnownParameter(name)) unknown.push(name)
  }
  return unknown
}
