import type { Parsed } from '../../lib/problems/parsed.ts'
import { type FieldPath, type Problem, plainProblem } from '../../lib/problems/problem.ts'
import {
  below,
  checked,
  type Field,
  type Read,
  report,
  reportThat,
} from '../../lib/problems/read.ts'
import { isObject, type JsonObject, withoutAbsent } from '../../lib/shape.ts'
import { parseUuid } from '../../lib/values/parse-uuid.ts'
import { forbiddenVaults } from '../administrator/choose-vaults.ts'
import type { CloudName, Policy } from '../administrator/policy.ts'
import { podSettings } from '../annotations/pod-settings.ts'
import { parseClassCloud } from './parse-class-cloud.ts'

/** How a class lets the provider sign in, if not with workload identity. */
type OtherSignIn = 'pod identity' | "the node's identity"

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
  /** True if the class asks for an identity binding of AKS. */
  readonly usesTokenProxy: boolean
  /** True if it names a file with the hosts of a cloud. Those of the administrator count. */
  readonly namesEnvironment: boolean
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

const parametersPath = ['spec', 'parameters']

/** The path of a parameter in its class. */
export const parameterPath = (name: string): FieldPath => [...parametersPath, name]

/** As many unknown parameters as a pod gets warnings. */
export const maxUnknown = 16

/**
 * Reads the parameters of a class (docs/specification.md, "Parameters of a SecretProviderClass").
 *
 * @param cloudName - the administrator's cloud; a class may only name the same one
 */
export function readClassParameters(found: unknown, cloudName: CloudName): ClassParameters {
  const parameters = found == null ? {} : found
  const at: Field = { path: parametersPath, problems: [] }
  if (!isObject(parameters)) {
    report(at, 'expected a mapping of names to strings')
    return {
      namesClient: false,
      usesTokenProxy: false,
      namesEnvironment: false,
      problems: at.problems,
      unknown: [],
    }
  }
  const { text, parsed, required } = parameterReader(parameters, at)
  required('keyvaultName')
  required('objects')
  parsed('cloudName', (value) => parseClassCloud(value, cloudName))
  const usesTokenProxy = isTrue(text('useAzureTokenProxy'))
  const otherSignIn = otherSignInOf(text)
  if (usesTokenProxy && otherSignIn !== undefined)
    report(
      below(at, 'useAzureTokenProxy'),
      `is true, and the class asks for ${otherSignIn}, too; a class signs in one way`,
    )
  const values = {
    vault: parsed('keyvaultName', podSettings.vault),
    objects: text('objects'),
    clientId: parsed('clientID', parseUuid) ?? parsed('userAssignedIdentityID', parseUuid),
    tenantId: parsed('tenantID', parseUuid) ?? parsed('tenantId', parseUuid),
    otherSignIn,
  }
  return {
    ...withoutAbsent(values),
    namesClient: namesClient(parameters),
    usesTokenProxy,
    namesEnvironment: !isAbsent(parameters, 'cloudEnvFileName'),
    problems: at.problems,
    unknown: unknownNames(parameters),
  }
}

/** Reads one parameter at a time. An absent one gives undefined. */
function parameterReader(parameters: JsonObject, at: Field) {
  const read = <T>(name: string, reader: Read<T>): T | undefined =>
    isAbsent(parameters, name) ? undefined : reader(parameters[name], below(at, name))
  return {
    text: (name: string) => read(name, trimmed),
    parsed: <T>(name: string, parse: (text: string) => Parsed<T>) =>
      read(name, (value, inside) => {
        const text = trimmed(value, inside)
        return text === undefined ? undefined : checked(() => parse(text))(text, inside)
      }),
    required: (name: string) =>
      isAbsent(parameters, name) && reportThat(below(at, name), 'is missing'),
  }
}

function otherSignInOf(text: (name: string) => string | undefined): OtherSignIn | undefined {
  if (isTrue(text('usePodIdentity'))) return 'pod identity'
  return isTrue(text('useVMManagedIdentity')) ? "the node's identity" : undefined
}

/** The parameters that have no effect on the Secrets of a class, with what takes their place. */
export function unusedParameters({
  otherSignIn,
  namesEnvironment,
}: Pick<ClassParameters, 'otherSignIn' | 'namesEnvironment'>): readonly Problem[] {
  const flag = otherSignIn === 'pod identity' ? 'usePodIdentity' : 'useVMManagedIdentity'
  return [
    ...(otherSignIn === undefined
      ? []
      : [
          unused(
            flag,
            "a ServiceAccount signs in, as the client that the class or the account's annotation azure.workload.identity/client-id names",
          ),
        ]),
    ...(namesEnvironment
      ? [unused('cloudEnvFileName', "the administrator's cloud says where vaults are")]
      : []),
  ]
}

const unused = (name: string, instead: string): Problem =>
  plainProblem(`parameters.${name} has no effect here; ${instead}`, parameterPath(name))

/** All that is wrong with the parameters of a class in a namespace: each alone, and by the administrator's policy. */
export function parameterProblems(
  { vault, problems }: Pick<ClassParameters, 'vault' | 'problems'>,
  context: { readonly policy: Policy; readonly namespace: string },
): readonly Problem[] {
  const forbidden = forbiddenVaults(vault === undefined ? [] : [vault], context)
  return [
    ...problems,
    ...forbidden.map(({ found, sentence }) => ({
      path: parameterPath('keyvaultName'),
      ...(found !== undefined && { found }),
      sentence,
    })),
  ]
}

/** Whether a class names a client to sign in as. */
export const namesClient = (parameters: unknown): boolean =>
  isObject(parameters) &&
  ['clientID', 'userAssignedIdentityID'].some((name) => !isAbsent(parameters, name))

/** The provider trims each parameter. */
const trimmed: Read<string> = (value, at) =>
  typeof value === 'string' ? value.trim() : report(at, 'expected a string')

/** An empty parameter counts as absent. A parameter that the object inherits, such as `constructor`, isn't one. */
function isAbsent(parameters: JsonObject, name: string): boolean {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined
  return value == null || (typeof value === 'string' && value.trim() === '')
}

/** The provider reads booleans as Go does. It refuses other texts, but these parameters have no effect here. */
const isTrue = (text?: string): boolean =>
  text !== undefined && ['1', 't', 'T', 'true', 'True', 'TRUE'].includes(text)

function unknownNames(parameters: JsonObject): readonly string[] {
  const unknown: string[] = []
  for (const name in parameters) {
    if (unknown.length === maxUnknown) break
    if (Object.hasOwn(parameters, name) && !isKnownParameter(name)) unknown.push(name)
  }
  return unknown
}
