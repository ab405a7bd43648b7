import type { WantedFile } from '../../../delivery/contract.ts'
import type { ComposedInput, Composition } from '../../../requests/secret/composition.ts'
import { decodeTarget } from '../../../requests/secret/key-path.ts'
import type { Source } from '../../../requests/source/source.ts'
import { secretRow } from './describe-sync.ts'
import { describeWanted, row } from './describe-wanted.ts'

/** Describes the Secret of an ExternalSecret: its keys, and the values that they are made of. */
export function describeComposed({ secrets, files, refreshSeconds }: Source): readonly string[] {
  const values = new Map(files.map((file) => [decodeTarget(file.path).key, file]))
  return [
    ...secrets.flatMap((secret) => {
      const { inputs = [], template }: Partial<Composition> = secret.composition ?? {}
      const described = inputs.map((input) => describeInput(input, values.get(input.input)))
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

function describeInput(input: ComposedInput, file: WantedFile | undefined): string {
  const decoded = input.decoding === 'None' ? '' : `, decoded as ${input.decoding}`
  const from = file === undefined ? '' : ` \u2190 ${describeWanted(file)}`
  return `${input.kind === 'key' ? input.key : '*'}${from}${decoded}`
}
