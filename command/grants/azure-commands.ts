import { tokenAudience } from '../../lib/azure/token-audience.ts'
import {
  az,
  azQuery,
  output,
  run,
  type ScriptLine,
  shellWord,
  variable,
  type Word,
} from './script.ts'

/** A member of the managed identity with this client ID. */
export const findIdentity = (clientId: Word, member: string): Word =>
  output(azQuery('identity list', { query: shellWord`[?clientId=='${clientId}'].${member}` }))

/** The command that prints the issuer on AKS. */
export const showIssuer = run(
  azQuery('aks show', {
    name: 'NAME',
    'resource-group': 'GROUP',
    query: 'oidcIssuerProfile.issuerUrl',
  }),
)

/** The command that turns the issuer on. Tokens of ServiceAccounts are worth nothing to Entra without it. */
export const enableIssuer = run([
  ...az('aks update', { name: 'NAME', 'resource-group': 'GROUP' }),
  '--enable-oidc-issuer',
])

/** The command that lets a ServiceAccount sign in as the client in the variable CLIENT_ID. */
export const annotateAccount = (namespace: string, account: string): ScriptLine =>
  run([
    ...['kubectl', 'annotate', 'serviceaccount', account, '--namespace', namespace],
    shellWord`azure.workload.identity/client-id=${variable('CLIENT_ID')}`,
  ])

/** @param options - which identity, the issuer and the subject */
export const createCredential = (name: Word, options: Readonly<Record<string, Word>>): ScriptLine =>
  run(az('identity federated-credential create', { name, ...options, audiences: tokenAudience }))
