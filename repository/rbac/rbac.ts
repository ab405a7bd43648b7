import type { ExitCode } from '../../command/exit-code.ts'
import { sortOutNames } from '../../command/grants/sort-out-names.ts'
import { InputError } from '../../command/input-error.ts'
import { readServing, servingAssumption } from '../../command/review/read-serving.ts'
import { listNames } from '../../lib/list-names.ts'
import type { JsonObject } from '../../lib/shape.ts'
import { printLines } from '../../lib/terminal/print-lines.ts'
import type { WatchMode } from '../../requests/administrator/watch-mode.ts'
import { concernsDriver } from '../check/check-manifests.ts'
import { skippedLines } from '../check/output/skipped-lines.ts'
import { readWholeInput } from '../check/read-whole-input.ts'
import { findGrants } from '../identity/grants/find-grants.ts'
import { sortOutMistakes } from '../identity/grants/sort-out-mistakes.ts'
import { printDocuments } from '../inject/print-documents.ts'
import {
  type GivenValues,
  readGivenValues,
  unusedLines,
} from '../input/placeholders/given-values.ts'
import { createPlaceholders, type MarkedPlaceholder } from '../input/placeholders/placeholders.ts'
import type { ChartOptions } from '../input/render/chart-options.ts'
import { errorLines } from '../input/text/file-error.ts'
import { uncheckedLine } from '../input/unread/sort-out-skipped.ts'
import { findRollouts } from './find-rollouts.ts'
import { type ChartValues, noAccounts, readChartValues } from './read-chart-values.ts'
import { type NamedAccount, type RightsNeeded, syncRolesFor } from './role.ts'
import { rolesText } from './roles-text.ts'

interface RbacOptions
  extends GivenValues,
    Partial<Omit<RightsNeeded, 'watch'>>,
    Pick<ChartOptions, 'kubeVersion' | 'loadRestrictor'> {
  /** The files and folders. May be empty if `values` is given. */
  readonly files: readonly string[]
  readonly namespace: string
  /** If set, accounts of other namespaces are refused. */
  readonly onlyNamespace?: string
  /**
   * The path of a values file of the chart. Roles for the accounts that it lists are printed, too, and it sets the
   * defaults of the options below.
   */
  readonly values?: string
  readonly controllerNamespace?: string
  readonly watch?: WatchMode
  readonly render?: boolean
}

/**
 * `akv-injector rbac`: prints the Role and the RoleBinding that each namespace needs, so that Secret sync can make the
 * Secrets that the manifests request, and roll out the workloads that ask for it, and for the accounts that the chart's values
 * list. Mistakes in the files go to
 * standard error.
 *
 * @returns 1 if there is a mistake, and 2 if a file in a folder can't be read; then no Role is printed
 * @throws InputError when an option, a setting or a named file is invalid
 */
export async function rbac(options: RbacOptions): Promise<ExitCode> {
  const { files, values: source } = options
  if (files.includes('-') && source === '-')
    throw new InputError(
      'standard input is either the manifests or the values; pass one of them as a file',
    )
  const values = source === undefined ? undefined : readChartValues(source)
  if (source !== undefined && values?.accounts.length === 0 && files.length === 0)
    throw noAccounts(source)
  const choice = chooseRights(options, values)
  const found = await findInFiles(options)
  const sortOut = (accounts: readonly NamedAccount[]) =>
    sortOutNames(accounts, options.onlyNamespace)
  const syncs = sortOut([...(values?.accounts ?? []), ...found.accounts])
  const rollouts = sortOut(found.rollouts)
  const unsafe = [...new Set([...syncs.unsafe, ...rollouts.unsafe])]
  printLines(process.stderr, [...found.lines, ...unsafe.map(found.restore)])
  // No Role is printed then, because one that lacks an account of its namespace would disable that account.
  if (found.isPartial) return 2
  if (found.hasMistakes || unsafe.length > 0) return 1
  const restored = (accounts: readonly NamedAccount[]) =>
    accounts.map(({ namespace, account }) => ({
      namespace: found.restoreValue(namespace),
      account: found.restoreValue(account),
    }))
  const classes = found.classes.map(({ namespace, name }) => ({
    namespace: found.restoreValue(namespace),
    name: found.restoreValue(name),
  }))
  const enabled = { syncs: restored(syncs.safe), rollouts: restored(rollouts.safe), classes }
  const objects = objectsFor(enabled, choice)
  const uses = {
    syncs: enabled.syncs.length > 0,
    rollsOut: enabled.rollouts.length > 0,
    readsClasses: classes.length > 0,
  }
  if (objects.length > 0) printDocuments(process.stdout, rolesText(objects, { ...choice, ...uses }))
  return 0
}

type Choice = Parameters<typeof syncRolesFor>[2]

function chooseRights(options: RbacOptions, values: ChartValues | undefined): Choice {
  const watch = options.watch ?? values?.watch ?? 'cluster'
  if (watch === 'cluster' && (options.classes || options.externalSecrets))
    throw new InputError(
      '--classes and --external-secrets need --watch namespaces: otherwise the ClusterRole of the chart has these rights',
    )
  return {
    watch,
    controllerNamespace: options.controllerNamespace ?? values?.namespace ?? 'akv-injector',
    classes: options.classes ?? values?.classes ?? false,
    externalSecrets: options.externalSecrets ?? values?.externalSecrets ?? false,
  }
}

interface Enabled {
  /** For Secret sync. */
  readonly syncs: readonly NamedAccount[]
  readonly rollouts: readonly NamedAccount[]
  /** Those of the volumes of workloads that are rolled out. */
  readonly classes: ReturnType<typeof findRollouts>['classes']
}

function objectsFor({ syncs, rollouts, classes }: Enabled, choice: Choice): readonly JsonObject[] {
  const ofAccounts = (accounts: readonly NamedAccount[]) =>
    namesByNamespace(accounts.map(({ namespace, account: name }) => ({ namespace, name })))
  const ofSync = ofAccounts(syncs)
  const ofRollouts = ofAccounts(rollouts)
  const ofClasses = namesByNamespace(classes)
  return [...new Set([...ofSync.keys(), ...ofRollouts.keys()])].toSorted().flatMap((namespace) =>
    syncRolesFor(namespace, ofSync.get(namespace) ?? [], {
      ...choice,
      rollouts: ofRollouts.get(namespace) ?? [],
      classNames: ofClasses.get(namespace) ?? [],
    }),
  )
}

function namesByNamespace(
  objects: readonly { readonly namespace: string; readonly name: string }[],
): ReadonlyMap<string, readonly string[]> {
  const groups = [...Map.groupBy(objects, ({ namespace }) => namespace)]
  return new Map(
    groups.map(([namespace, own]) => [
      namespace,
      [...new Set(own.map(({ name }) => name))].toSorted(),
    ]),
  )
}

/** Finds the accounts that Secret sync reads as, those whose workloads ask for roll-outs, and lines for standard error. */
async function findInFiles(options: RbacOptions) {
  const { values: _, files, ...given } = options
  const serving = readServing(process.env)
  const placeholders = createPlaceholders({ values: readGivenValues(given), unfilled: 'standIn' })
  const reading = { ...given, command: 'rbac', placeholders }
  const { contents, unread, errors, nothing, ...input } = await readWholeInput(files, reading)
  const objects = contents.flatMap((content) => content.objects)
  const { grants, ...found } = findGrants([], { objects, unread, serving })
  const rollouts = findRollouts(
    contents.flatMap((content) => content.templates),
    serving,
  )
  const mistakes = sortOutMistakes([...found.mistakes, ...rollouts.mistakes], placeholders)
  const names = [
    ...grants.map(({ namespace, account }) => ({ namespace, account })),
    ...rollouts.accounts,
  ]
  const isEmpty = errors.length === 0 && files.length > 0 && names.length + mistakes.length === 0
  return {
    accounts: grants,
    rollouts: rollouts.accounts,
    classes: rollouts.classes,
    restore: placeholders.restore,
    restoreValue: placeholders.restoreValue,
    isPartial: errors.length > 0,
    hasMistakes: mistakes.length > 0,
    lines: [
      ...errorLines(errors),
      ...(serving.isAssumed && contents.some(concernsDriver) ? [servingAssumption] : []),
      ...skippedLines(input),
      ...input.unchecked.map(uncheckedLine),
      ...unusedLines(given, placeholders),
      ...sortOutMistakes(found.notes, placeholders),
      ...mistakes,
      ...keptLines(placeholders.usedIn([...names, ...rollouts.classes])),
      ...(errors.length > 0 ? [noRoles] : []),
      ...(isEmpty ? [`${nothingSyncs}${nothing === undefined ? '' : `: ${nothing}`}`] : []),
    ],
  }
}

const noRoles =
  'no Role is printed, because it would disable accounts that only these files have; correct them, or pass other paths'
const nothingSyncs = 'these files request no Secrets of any ServiceAccount, and no roll-outs'

const maxNamed = 5

/** Lines about placeholders that stay in a Role: it may be a template, like the manifests that it is made from. */
const keptLines = (open: readonly MarkedPlaceholder[]): readonly string[] =>
  open.length === 0
    ? []
    : [
        `${listNames(
          open.map(({ placeholder }) => placeholder.text),
          maxNamed,
        )}: kept in the output; replace it before you apply the output, or pass --set NAME=VALUE`,
      ]
