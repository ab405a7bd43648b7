import { checkIssuer } from '../../command/grants/check-issuer.ts'
import { InputError } from '../../command/input-error.ts'
import { isObject, type JsonObject, objectAt, scalarText, valueAt } from '../../lib/shape.ts'
import { isUuid } from '../../lib/values/parse-uuid.ts'
import { jsonOf } from '../tools/json-of.ts'
import type { ToolCall, Tools } from '../tools/tools.ts'
import type { AksCluster, AzureAccount, ModuleKind } from './account.ts'
import { azCall, inSubscription } from './az-calls.ts'

interface AccountOptions {
  readonly resourceGroup: string
  /** Default: the one that `az` has chosen. */
  readonly subscription?: string
  /** Default: the one that the API server names. */
  readonly issuer?: string
  readonly aks?: AksCluster
  readonly modules?: ModuleKind
}

/**
 * Asks `az` who is signed in and where the resource group is, and the API server who issues its tokens. Changes nothing.
 *
 * @throws InputError if one of them doesn't say, or can't be used
 */
export async function readAzureAccount(
  tools: Tools,
  options: AccountOptions,
): Promise<AzureAccount> {
  const { subscription, modules } = options
  if (modules === 'terraform')
    await ask(
      tools,
      { tool: 'terraform', args: ['version', '-json'] },
      'terraform doesn’t print its version; prove needs Terraform 1.5 or later',
    )
  const signIn = await ask(
    tools,
    azCall(
      'account',
      'show',
      ...(subscription === undefined ? [] : ['--subscription', subscription]),
    ),
    'az doesn’t say which subscription is used; run az login, or check --subscription',
  )
  const subscriptionId = uuidAt(signIn, 'id')
  if (signIn['environmentName'] !== 'AzureCloud')
    throw new InputError('prove works in the public cloud only; az uses another one')
  const group = await ask(
    tools,
    azCall('group', 'show', '--name', options.resourceGroup, ...inSubscription({ subscriptionId })),
    '--resource-group: az doesn’t find it, or you may not read it',
  )
  return {
    subscriptionId,
    tenantId: uuidAt(signIn, 'tenantId'),
    resourceGroup: textAt(group, 'name'),
    location: textAt(group, 'location'),
    objectId: await readObjectId(tools, subscriptionId),
    principalType: valueAt(signIn, 'user', 'type') === 'user' ? 'User' : 'ServicePrincipal',
    issuer: await readIssuer(tools, options.issuer),
    ...(options.aks && { aks: options.aks }),
    ...(modules && { modules }),
  }
}

async function ask(tools: Tools, call: ToolCall, problem: string): Promise<JsonObject> {
  const { code, stdout, stderr } = await tools.run(call)
  if (code === undefined && stderr === 'not-started')
    throw new InputError(`${call.tool} can’t be started; prove needs it on the PATH`)
  const answer = code === 0 ? jsonOf(stdout) : undefined
  if (isObject(answer)) return answer
  throw new InputError(problem)
}

/**
 * The object ID of the caller is in every token of theirs. Asking Entra for it would take rights there, which a service principal
 * seldom has. The token is read here and goes nowhere.
 */
async function readObjectId(tools: Tools, subscriptionId: string): Promise<string> {
  const answer = await ask(
    tools,
    azCall(
      ...['account', 'get-access-token', '--resource', 'https://vault.azure.net'],
      ...inSubscription({ subscriptionId }),
    ),
    'az gives no token for Key Vault; run az login',
  )
  const [, payload = ''] = scalarText(answer['accessToken']).split('.')
  const claims = jsonOf(Buffer.from(payload, 'base64url').toString())
  return uuidAt(objectAt(claims), 'oid')
}

async function readIssuer(tools: Tools, given: string | undefined): Promise<string> {
  if (given !== undefined) return checkIssuer(given)
  const found = await ask(
    tools,
    { tool: 'kubectl', args: ['get', '--raw', '/.well-known/openid-configuration'] },
    'the API server doesn’t say who issues its tokens, or you may not read that; name the issuer with --issuer',
  )
  const issuer = checkIssuer(textAt(found, 'issuer'))
  const { hostname } = new URL(issuer)
  if (!hostname.includes('.') || /\.(?:svc|local|internal)$/.test(hostname))
    throw new InputError(
      'the issuer of the cluster’s tokens is a name that only the cluster knows, so Entra can’t trust it; turn the OIDC issuer on, or name it with --issuer',
    )
  return issuer
}

function textAt(object: JsonObject, member: string): string {
  const text = object[member]
  if (typeof text === 'string' && text !== '' && text.length <= 1024) return text
  throw new InputError(`az or kubectl printed no ${member}`)
}

function uuidAt(object: JsonObject, member: string): string {
  const text = textAt(object, member)
  if (isUuid(text)) return text.toLowerCase()
  throw new InputError(`az printed a ${member} that isn’t a UUID`)
}
