import type { ExitCode } from '../../command/exit-code.ts'
import { checkIssuer } from '../../command/grants/check-issuer.ts'
import { printScript } from '../../command/grants/print-script.ts'
import { comment, need, type ScriptLine } from '../../command/grants/script.ts'
import { sortOutNames } from '../../command/grants/sort-out-names.ts'
import {
  type AzureNames,
  byIdentity,
  federatedAccounts,
  type GrantChoice,
  type IdentityGrants,
  writeScript,
} from '../../command/grants/write-script.ts'
import { InputError } from '../../command/input-error.ts'
import { readServing, servingAssumption } from '../../command/review/read-serving.ts'
import type { Confirmed } from '../../command/said.ts'
import { printable } from '../../lib/printable.ts'
import { foldWidth } from '../../lib/terminal/fold-width.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import { concernsDriver } from '../check/check-manifests.ts'
import { isCredentialOpen, openCredentials } from '../check/findings/open-credential.ts'
import { skippedLines } from '../check/output/skipped-lines.ts'
import { readWholeInput } from '../check/read-whole-input.ts'
import {
  type GivenValues,
  readGivenValues,
  unusedLines,
} from '../input/placeholders/given-values.ts'
import { createPlaceholders, type Placeholders } from '../input/placeholders/placeholders.ts'
import { type ShellText, withVariables } from '../input/placeholders/shell-variables.ts'
import type { ChartOptions } from '../input/render/chart-options.ts'
import { errorLines } from '../input/text/file-error.ts'
import { uncheckedLine } from '../input/unread/sort-out-skipped.ts'
import { findGrants } from './grants/find-grants.ts'
import { sortOutMistakes } from './grants/sort-out-mistakes.ts'
import { describeSections, isMatch } from './verify/describe-sections.ts'
import { startAz } from './verify/run-az.ts'
import { verify } from './verify/verify.ts'

interface IdentityOptions
  extends Omit<AzureNames, 'issuers' | 'grants'>,
    GivenValues,
    ChartOptions {
  /** Files and folders. */
  readonly files: readonly string[]
  readonly namespace: string
  /** If set, accounts of other namespaces are refused. */
  readonly onlyNamespace?: string
  /** The OIDC issuers of the clusters with these accounts. */
  readonly issuer: readonly string[]
  readonly scope: 'vault' | 'object'
  readonly accessPolicies?: boolean
  readonly verify?: boolean
  readonly render?: boolean
  /** Whether the exit code is 1 for warnings, and for files in which nothing reads from a vault. */
  readonly strict?: boolean
}

/**
 * `akv-injector identity`: prints the commands of the Azure CLI that the pods and ServiceAccounts in the files need: a
 * federated credential for each account, and the roles for the objects that they read. Warnings and mistakes go to
 * standard error. With `verify`, it compares the needs with what Azure has.
 *
 * @returns 1 if commands are missing because a pod or an account has a mistake, if Azure differs, or because of
 * `strict`; 2 if a file in a folder can't be read
 * @throws InputError when an option, a setting or a named file is invalid
 */
export async function identity(options: IdentityOptions): Promise<ExitCode> {
  const { files, issuer } = options
  const issuers = [...new Set(issuer.map(checkIssuer))].map(
    (value): Confirmed => ({ by: 'options', value }),
  )
  const names: AzureNames = { ...options, issuers, grants: chooseGrants(options) }
  const serving = readServing(process.env)
  const placeholders = createPlaceholders({ values: readGivenValues(options), unfilled: 'standIn' })
  const { contents, nothing, ...input } = await readWholeInput(files, {
    ...options,
    command: 'identity',
    placeholders,
  })
  const objects = contents.flatMap((content) => content.objects)
  const templates = contents.flatMap((content) => content.templates)
  const found = findGrants(templates, { objects, unread: input.unread, serving })
  const grants = found.grants.filter((grant) => !isCredentialOpen(grant))
  const mistakes = sortOutMistakes(
    [...found.mistakes, ...openCredentials(found.grants)],
    placeholders,
  )
  const { safe, unsafe } = sortOutNames(grants, options.onlyNamespace)
  const identities = byIdentity(safe)
  refuseOneNameForMany(identities, names, placeholders)

  const warnings = identities.flatMap((identity) => countCredentials(identity, issuers.length))
  const isPartial = input.errors.length > 0
  const isEmpty = !isPartial && grants.length === 0 && mistakes.length === 0
  printLines(process.stderr, [
    ...errorLines(input.errors),
    ...(serving.isAssumed && contents.some(concernsDriver) ? [servingAssumption] : []),
    ...skippedLines(input),
    ...input.unchecked.map(uncheckedLine),
    ...unusedLines(options, placeholders),
    ...mistakes,
    ...unsafe.map(placeholders.restore),
    ...warnings.map(placeholders.restore),
    ...(isEmpty ? [nothingReads + (nothing === undefined ? '' : `: ${nothing}`)] : []),
  ])
  const hasMistakes = isPartial || mistakes.length + unsafe.length > 0
  const isRefused =
    hasMistakes ||
    (options.strict === true && (isEmpty || warnings.length + input.unchecked.length > 0))
  if (identities.length > 0) {
    if (options.verify === true) {
      refuseOpenNames(identities, placeholders)
      const sections = await verify(identities, names, startAz())
      printLines(process.stdout, describeSections(sections, { hasMistakes }))
      return isPartial ? 2 : isRefused || !isMatch(sections) ? 1 : 0
    }
    const { lines, variables } = withVariables(writeScript(identities, names), placeholders)
    const width = foldWidth(process.stdout)
    printLines(process.stdout, printScript([...variables.flatMap(declare), ...lines], { width }))
  }
  return isPartial ? 2 : isRefused ? 1 : 0
}

const nothingReads = 'no pod and no ServiceAccount in these files reads from a vault'

function chooseGrants({
  scope,
  accessPolicies,
  verify: isVerifying,
  issuer,
}: IdentityOptions): GrantChoice {
  if (isVerifying === true && issuer.length === 0)
    throw new InputError(
      '--verify needs --issuer URL: without it, no federated credential can be compared',
    )
  if (accessPolicies !== true) return scope
  if (isVerifying === true)
    throw new InputError(
      '--verify reads from each vault whether it has access policies; leave out --access-policies',
    )
  if (scope === 'object')
    throw new InputError(
      '--access-policies and --scope object: an access policy is always for a whole vault; leave out one of them',
    )
  return 'access-policies'
}

/** Refuses names with placeholders, because Azure can't be asked about a stand-in. */
function refuseOpenNames(identities: readonly IdentityGrants[], { usedIn }: Placeholders): void {
  const open = new Set(usedIn(identities).map(({ placeholder }) => placeholder.text))
  if (open.size === 0) return
  throw new InputError(
    '--verify needs the values of all placeholders; pass each with --set NAME=VALUE or --from-env-file FILE',
    [...open].map((text) => `  ${text}`),
  )
}

/** Lines that end the script if a placeholder's variable has no value. */
const declare = ({ name, meaning }: ShellText['variables'][number]): readonly ScriptLine[] => [
  comment(`${name} is ${meaning} in the files`),
  need(name, 'the value of a placeholder in the files'),
]

function refuseOneNameForMany(
  identities: readonly IdentityGrants[],
  { identityName }: AzureNames,
  { restore }: Placeholders,
): void {
  if (identityName === undefined || identities.length <= 1) return
  const clients = identities.map(({ clientId }) => clientId ?? 'one that they don’t name')
  throw new InputError(
    `--identity-name ${printable(identityName)}: the files need ${identities.length} identities, so one name isn't enough; leave it out, or pass fewer files`,
    clients.map((client) => `  ${restore(client)}`),
  )
}

/** Azure's limit, both for a managed identity and for an app registration. */
const maxCredentials = 20

function countCredentials(identity: IdentityGrants, issuers: number): readonly string[] {
  const count = federatedAccounts(identity).length * Math.max(1, issuers)
  if (count < maxCredentials) return []
  const who = identity.clientId ?? 'one identity'
  return [
    `warning: ${who} would have ${count} federated credentials; Azure allows ${maxCredentials} for each identity. Use several identities, let pods share a ServiceAccount, or on AKS use identity bindings, which need one credential (docs/aks.md)`,
  ]
}
