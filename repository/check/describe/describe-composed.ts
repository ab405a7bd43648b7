import { describeWanted, row } from '../../../command/review/describe-wanted.ts'
import type { SecretValue } from '../../../delivery/destination.ts'
import type { ComposedInput, Composition } from '../../../requests/secret/composition.ts'
import type { Source } from '../../../requests/source/source.ts'
import { secretRow } from './describe-sync.ts'

/** Describes the Secret of an ExternalSecret: its keys, and the values that they are made of. */
export function describeComposed({
  secrets,
  values: files,
  refreshSeconds,
}: Source): readonly string[] {
  const values = new Map(files.map((file) => [file.to.kind === 'input' && file.to.index, file]))
  return [
    ...secrets.flatMap((secret) => {
      const { inputs = [], template }: Partial<Composition> = secret.composition ?? {}
      const described = inputs.map((input) => describeInput(input, values.get(input.index)))
      if (template === undefined) return [secretRow(secret, described)]
      const keys = [...template.data.keys()].map((key) => `${key} \u2190 template`)
      return [
        secretRow(secret, template.keepsInputs ? [...described, ...keys] : keys),
        ...(template.keepsInputs ? [] : [row('values', described.join(', '))]),
      ]
    }),
    ...(refreshSeconds === undefined ? [] : [row('refresh', `every ${refreshSeconds} s`)]),
  ]
}

function describeInput(input: ComposedInput, file: SecretValue | undefined): string {
  const from = file === undefined ? '' : ` \u2190 ${describeWanted(file)}`
  const { decoding } = input
  const isKey = input.kind === 'key'
  return [
    `${isKey ? input.key : '*'}${from}`,
    ...(isKey || input.rewrite === undefined
      ? []
      : [`renamed by ${input.rewrite.map(({ kind }) => kind).join(', ')}`]),
    ...(decoding === 'None' ? [] : [`decoded as ${decoding}`]),
  ].join(', ')
}
