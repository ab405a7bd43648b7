import { aksClusterVariables, bindCommand } from '../../../command/grants/binding-commands.ts'
import { credentialName } from '../../../command/grants/credential-name.ts'
import { tokenAudience } from '../../../lib/azure/token-audience.ts'
import { isName, labelName, subdomainName } from '../../../lib/name-rules.ts'

/** Something that has to be done before a pod with volumes of the Secrets Store CSI Driver is applied. */
export type Task =
  | { readonly kind: 'label'; readonly namespace: string }
  /** Give a ServiceAccount a client to sign in as. */
  | ({ readonly kind: 'annotate' } & AccountName)
  /** Let a ServiceAccount sign in as a client, with a federated credential or by an identity binding of AKS. Without `clientId`, whoever pastes the commands chooses the client. */
  | ({ readonly kind: 'federate' | 'bind'; readonly clientId?: string } & AccountName)

interface AccountName {
  readonly namespace: string
  readonly account: string
}

/**
 * Writes the tasks as shell commands, each once, with comments about their variables. The names come from manifests, so
 * a task with an invalid name gives no command that somebody could paste.
 */
export function taskLines(tasks: readonly Task[]): readonly string[] {
  const safe = tasks.filter(hasSafeNames)
  if (safe.length === 0) return []
  const commands = order.flatMap((kind) =>
    safe.filter((task) => task.kind === kind).map((task) => commandsOf(task).join('\n')),
  )
  const isChosen = safe.some((task) => task.kind === 'annotate' || isOpen(task))
  const has = (wanted: Task['kind']) => safe.some(({ kind }) => kind === wanted)
  return [
    ...(has('federate') ? clusterComments : []),
    ...(has('bind') ? [aksComment] : []),
    ...(isChosen ? [clientComment] : []),
    ...[...new Set(commands)].flatMap((command) => command.split('\n')),
  ]
}

const order = ['label', 'annotate', 'federate', 'bind'] as const

const isOpen = (task: Task): boolean =>
  (task.kind === 'federate' || task.kind === 'bind') && task.clientId === undefined

const clusterComments = [
  '# CLUSTER is a name for this cluster, and ISSUER its OIDC issuer. On AKS, this command prints the issuer:',
  '# az aks show --name NAME --resource-group GROUP --query oidcIssuerProfile.issuerUrl --output tsv',
  '# If the client is an app registration, use "az ad app federated-credential create" instead.',
]
const aksComment = `# AKS_NAME is ${aksClusterVariables.AKS_NAME}, and AKS_GROUP ${aksClusterVariables.AKS_GROUP}.`
const clientComment =
  '# CLIENT_ID is the client ID of an identity that may read the vaults of these pods.'

function hasSafeNames(task: Task): boolean {
  return (
    isName(task.namespace, labelName) &&
    (task.kind === 'label' || isName(task.account, subdomainName))
  )
}

function commandsOf(task: Task): readonly string[] {
  switch (task.kind) {
    case 'label':
      return [`kubectl label namespace ${task.namespace} akv-injector.io/csi=true`]
    case 'annotate':
      return [
        `kubectl annotate serviceaccount ${task.account} --namespace ${task.namespace} azure.workload.identity/client-id="$CLIENT_ID"`,
      ]
    case 'federate':
      return federateCommands(task)
    case 'bind':
      return bindCommands(task)
    default:
      return task satisfies never
  }
}

type SignInTask = Extract<Task, { readonly kind: 'federate' | 'bind' }>

function findIdentity(clientId: string): string {
  const find = (member: string) =>
    `"$(az identity list --query "[?clientId=='${clientId}'].${member}" --output tsv)"`
  return `IDENTITY=${find('name')} GROUP=${find('resourceGroup')}`
}

const bindCommands = (task: SignInTask): readonly string[] => [
  findIdentity(task.clientId ?? '$CLIENT_ID'),
  bindCommand('"$IDENTITY"', '"$GROUP"'),
  `# akv-injector identity prints the ClusterRole that lets ${task.namespace}/${task.account} use it.`,
]

/**
 * A credential's name begins with the name of its cluster, because creating a credential replaces one of the same name.
 */
function federateCommands({
  namespace,
  account,
  clientId = '$CLIENT_ID',
}: SignInTask): readonly string[] {
  return [
    findIdentity(clientId),
    `az identity federated-credential create --name "$CLUSTER-${credentialName(namespace, account)}" --identity-name "$IDENTITY" --resource-group "$GROUP" --issuer "$ISSUER" --subject system:serviceaccount:${namespace}:${account} --audiences ${tokenAudience}`,
  ]
}
