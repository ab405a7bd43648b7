import { describePattern, describeWanted, row } from '../../../command/review/describe-wanted.ts'
import type { SecretValue } from '../../../delivery/destination.ts'
import { printable } from '../../../lib/printable.ts'
import type { RefreshSchedule } from '../../../requests/schedule/refresh-due.ts'
import type { ComposedInput, Composition } from '../../../requests/secret/composition.ts'
import type { SecretFind } from '../../../requests/secret/secret-find.ts'
import type { Source } from '../../../requests/source/source.ts'
import { secretRow } from './describe-sync.ts'

/** Describes the Secret of an ExternalSecret: its keys, and the values that they are made of. */
export function describeComposed({
  secrets,
  values: files,
  finds = [],
  schedule,
}: Source): readonly string[] {
  const values = new Map(files.map((file) => [file.to.kind === 'input' && file.to.index, file]))
  const searches = new Map(finds.map((find) => [find.to.kind === 'input' && find.to.index, find]))
  return [
    ...secrets.flatMap((secret) => {
      const { inputs = [], template }: Partial<Composition> = secret.composition ?? {}
      const described = inputs.map((input) =>
        describeInput(input, { file: values.get(input.index), find: searches.get(input.index) }),
      )
      if (template === undefined) return [secretRow(secret, described)]
      const keys = [...template.data.keys()].map((key) => `${key} \u2190 template`)
      return [
        secretRow(secret, template.keepsInputs ? [...described, ...keys] : keys),
        ...(template.keepsInputs ? [] : [row('values', described.join(', '))]),
      ]
    }),
    ...(schedule === undefined ? [] : [row('refresh', describeSchedule(schedule))]),
  ]
}

function describeSchedule({ policy, intervalSeconds, windows }: RefreshSchedule): string {
  if (policy === 'OnChange') return 'when the ExternalSecret changes'
  if (policy === 'CreatedOnce' || intervalSeconds === 0) return 'never: it is made once'
  const within =
    windows && `, ${windows.kind === 'allow' ? 'only within' : 'not within'} its windows`
  return `every ${intervalSeconds} s${within ?? ''}`
}

function describeInput(
  input: ComposedInput,
  { file, find }: { readonly file: SecretValue | undefined; readonly find: SecretFind | undefined },
): string {
  const what = file ? describeWanted(file) : find && describeFind(find)
  const from = what === undefined ? '' : ` \u2190 ${what}`
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

/** Any text may be in an expression or a tag. */
function describeFind({ vault, criteria }: SecretFind): string {
  if ('pattern' in criteria) return describePattern({ vault, ...criteria })
  const { expression, tags } = criteria
  const tagged = Object.entries(tags).map(([name, value]) => `${name}=${value}`)
  return [
    `all secrets of ${vault}`,
    ...(expression === undefined ? [] : [`whose name matches ${printable(expression, 60)}`]),
    ...(tagged.length > 0 ? [`with the tags ${printable(tagged.join(', '), 120)}`] : []),
  ].join(' ')
}
