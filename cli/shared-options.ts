import { InvalidArgumentError, Option } from 'commander'
import { isName, labelName } from '../lib/name-rules.ts'

/** Collects the values of an option that may be repeated. */
export const append = (value: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  value,
]

/** Gives the value of a placeholder. */
export const setOption = (): Option =>
  new Option(
    '--set <name=value>',
    'value of a placeholder: ${NAME}, $(NAME), <NAME>, __NAME__ or #{NAME}#; repeatable',
  ).argParser<readonly string[]>(append)

/** Node reads a file named by `--env-file` itself, and its own options in there, wherever the option is. */
export const envFileOption = (): Option =>
  new Option(
    '--from-env-file <file>',
    'file of NAME=VALUE lines with such values; repeatable',
  ).argParser<readonly string[]>(append)

export function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'namespace of manifests that don’t name one')
    .default('default')
    .argParser((name) => {
      if (isName(name, labelName)) return name
      throw new InvalidArgumentError(`expected ${labelName.sentence}`)
    })
}

export const renderOption = (): Option =>
  new Option(
    '--render',
    'render folders with a kustomization.yaml or Chart.yaml, using the kustomize, kubectl or helm on the PATH',
  )

export const valuesOption = (): Option =>
  new Option(
    '--values <file>',
    'with --render: file with values for all charts; repeatable',
  ).argParser(append)
