import {
  annotateAccount,
  createCredential,
  enableIssuer,
  findIdentity,
  showIssuer,
} from '../../../command/grants/azure-commands.ts'
import { aksClusterVariables, bindCommand } from '../../../command/grants/binding-commands.ts'
import { credentialName } from '../../../command/grants/credential-name.ts'
import {
  comment,
  run,
  type ScriptLine,
  set,
  shellWord,
  suggestion,
  variable,
} from '../../../command/grants/script.ts'
import { listNames } from '../../../lib/list-names.ts'
import { isName, labelName, subdomainName } from '../../../lib/name-rules.ts'
import { isCredentialOpen } from './open-credential.ts'

/** Something that has to be done before an object is applied. */
export type Task =
  | { readonly kind: 'label'; readonly namespace: string }
  /** Add a ServiceAccount that no file has. `isForSync`: Secret sync reads ExternalSecrets as it. */
  | ({ readonly kind: 'add'; readonly isForSync?: true } & AccountName)
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
export function taskLines(tasks: readonly Task[]): readonly ScriptLine[] {
  const safe = tasks.filter(hasSafeNames)
  if (safe.length === 0) return []
  const unique = [...new Map(safe.map((task) => [JSON.stringify(task), task])).values()]
  const isChosen = safe.some(
    (task) => task.kind === 'add' || task.kind === 'annotate' || isOpen(task),
  )
  const has = (wanted: Task['kind']) => safe.some(({ kind }) => kind === wanted)
  return [
    ...(has('federate') ? clusterComments : []),
    ...(has('bind') ? [aksComment] : []),
    ...(isChosen ? [clientComment] : []),
    ...addLines(unique.filter((task) => task.kind === 'add')),
    ...order.flatMap((kind) => unique.filter((task) => task.kind === kind).flatMap(commandsOf)),
  ]
}

const order = ['label', 'annotate', 'federate', 'bind'] as const

const isOpen = (task: Task): boolean =>
  (task.kind === 'federate' || task.kind === 'bind') && task.clientId === undefined

const clusterComments = [
  comment(
    'CLUSTER is a name for this cluster, and ISSUER its OIDC issuer. On AKS, this command prints the issuer:',
  ),
  suggestion(showIssuer),
  comment('If it prints nothing, turn the issuer on first:'),
  suggestion(enableIssuer),
  comment(
    'If the client is an app registration, use "az ad app federated-credential create" instead.',
  ),
]
const aksComment = comment(
  `AKS_NAME is ${aksClusterVariables.AKS_NAME}, and AKS_GROUP ${aksClusterVariables.AKS_GROUP}.`,
)
const clientComment = comment(
  'CLIENT_ID is the client ID of an identity that may read these vaults.',
)

type AddTask = Extract<Task, { readonly kind: 'add' }>

const maxNamed = 10

/** Shows the manifest of the first account, because those of the others differ only in their names. */
function addLines(tasks: readonly AddTask[]): readonly ScriptLine[] {
  const [first] = tasks
  if (first === undefined) return []
  const names = tasks.map(({ namespace, account }) => `${namespace}/${account}`)
  const [noun, what, one] =
    tasks.length === 1
      ? ['ServiceAccount', 'it', 'the one']
      : ['ServiceAccounts', 'each, in the form of the first,', 'those']
  const isForSync = tasks.some((task) => task.isForSync)
  const or = isForSync ? '' : `, or annotate ${one} in the cluster`
  return [
    comment(`The files lack ${noun} ${listNames(names, maxNamed)}. Add ${what} to them${or}:`),
    comment(accountManifest(first)),
    ...(isForSync ? [syncComment] : []),
  ]
}

const accountManifest = ({ namespace, account }: AccountName): string =>
  [
    '  apiVersion: v1',
    '  kind: ServiceAccount',
    '  metadata:',
    `    name: ${yamlText(account)}`,
    `    namespace: ${yamlText(namespace)}`,
    '    annotations:',
    '      azure.workload.identity/client-id: CLIENT_ID',
  ].join('\n')

/** Quotes a name that YAML 1.1 may read as a number, a date, a boolean or null. */
const yamlText = (name: string): string =>
  /^(?!(?:true|false|yes|no|on|off|y|n|null)$)[a-z]/.test(name) ? name : `'${name}'`

const syncComment = comment(
  'Secret sync reads the ExternalSecrets of a namespace as a ServiceAccount there. Once the files have it, "akv-injector identity" prints the commands that let it read the vaults, and "akv-injector rbac" the Role that enables it.',
)

function hasSafeNames(task: Task): boolean {
  return (
    isName(task.namespace, labelName) &&
    (task.kind === 'label' || (isName(task.account, subdomainName) && !isCredentialOpen(task)))
  )
}

function commandsOf(task: Task): readonly ScriptLine[] {
  switch (task.kind) {
    case 'add':
      return []
    case 'label':
      return [run(['kubectl', 'label', 'namespace', task.namespace, 'akv-injector.io/csi=true'])]
    case 'annotate':
      return [annotateAccount(task.namespace, task.account)]
    case 'federate':
      return federateCommands(task)
    case 'bind':
      return bindCommands(task)
    default:
      return task satisfies never
  }
}

type SignInTask = Extract<Task, { readonly kind: 'federate' | 'bind' }>

function setIdentity({ clientId }: SignInTask): ScriptLine {
  const client = clientId ?? variable('CLIENT_ID')
  return set({
    IDENTITY: findIdentity(client, 'name'),
    GROUP: findIdentity(client, 'resourceGroup'),
  })
}

const bindCommands = (task: SignInTask): readonly ScriptLine[] => [
  setIdentity(task),
  bindCommand(variable('IDENTITY'), variable('GROUP')),
  comment(
    `akv-injector identity prints the ClusterRole that lets ${task.namespace}/${task.account} use it.`,
  ),
]

/**
 * A credential's name begins with the name of its cluster, because creating a credential replaces one of the same name.
 */
const federateCommands = (task: SignInTask): readonly ScriptLine[] => [
  setIdentity(task),
  createCredential(
    shellWord`${variable('CLUSTER')}-${credentialName(task.namespace, task.account)}`,
    {
      'identity-name': variable('IDENTITY'),
      'resource-group': variable('GROUP'),
      issuer: variable('ISSUER'),
      subject: `system:serviceaccount:${task.namespace}:${task.account}`,
    },
  ),
]
