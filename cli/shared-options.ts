import { type Command, InvalidArgumentError, Option } from 'commander'
import { isName, labelName } from '../lib/name-rules.ts'
import { loadRestrictors } from '../repository/input/render/load-restrictors.ts'

/** Collects the values of an option that may be repeated. */
export const append = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
]

/** Takes the value of an option that may not be repeated. */
export function takeOnce(value: string, previous?: string): string {
  if (previous === undefined) return value
  throw new InvalidArgumentError('expected it once')
}

/** Gives the value of a placeholder. */
export const setOption = (): Option =>
  new Option(
    '--set <name=value>',
    'value of a placeholder: ${NAME}, $(NAME), <NAME>, __NAME__ or #{NAME}#; repeatable',
  ).argParser<readonly string[]>(append)

/**
 * Not named `--env-file`: wherever that is on a command line, Node reads the file itself, and applies Node options from
 * it.
 */
export const envFileOption = (): Option =>
  new Option(
    '--from-env-file <file>',
    'file of NAME=VALUE lines with such values; repeatable',
  ).argParser<readonly string[]>(append)

export const namespaceOption = (): Option =>
  new Option('-n, --namespace <name>', 'namespace of manifests that don’t name one')
    .default('default')
    .argParser(checkNamespace)

/**
 * The same option for commands whose output grants rights. If the caller names a namespace, they refuse manifests of
 * other namespaces.
 */
export const onlyNamespaceOption = (): Option => {
  const option = namespaceOption()
  option.description += '; refuses those that name another one'
  return option
}

/** The namespace that the caller named. Empty if the namespace is only the default. */
export const namedNamespace = (command: Command): { readonly onlyNamespace?: string } =>
  command.getOptionValueSource('namespace') === 'cli'
    ? { onlyNamespace: command.getOptionValue('namespace') }
    : {}

/** Checks an option's value: it has to be a valid name of a namespace. */
export function checkNamespace(name: string): string {
  if (isName(name, labelName)) return name
  throw new InvalidArgumentError(`expected ${labelName.sentence}`)
}

/** Whether charts and Kustomize folders are rendered. Without either option, they are if a program is there. */
export const renderOptions = (): readonly [Option, Option] => [
  new Option(
    '--render',
    'fail if a folder with a kustomization.yaml or Chart.yaml can’t be rendered by the kustomize, kubectl or helm on the PATH',
  ),
  new Option('--no-render', 'run no program to render such folders, and don’t read them'),
]

export const chartOptions = (): readonly [Option, Option] => [
  new Option(
    '--values <file>',
    'file with values for all charts, or CHART=FILE for the chart in one folder; repeatable',
  ).argParser(append),
  kubeVersionOption(),
]

/** The option of kustomize with this name. */
export const loadRestrictorOption = () =>
  new Option(
    '--load-restrictor <name>',
    'lets kustomize load files outside of the folder that it renders: LoadRestrictionsNone',
  ).choices(loadRestrictors)

export const kubeVersionOption = (): Option =>
  new Option(
    '--kube-version <version>',
    'version of Kubernetes to render charts for; default: the one that Helm has',
  ).argParser(checkKubeVersion)

function checkKubeVersion(version: string): string {
  if (/^v?\d{1,3}(?:\.\d{1,3}){1,2}$/.test(version)) return version
  throw new InvalidArgumentError('expected a version of Kubernetes, such as 1.34')
}
