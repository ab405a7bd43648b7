import type { AzureFinding } from './finding.ts'
import type { Section } from './verify.ts'

const words: Readonly<Record<AzureFinding['kind'], string>> = {
  missing: 'missing',
  'too-much': 'too much',
  unknown: 'not verified',
  note: 'note',
}

/** Whether everything could be read, and Azure has exactly what the files need. */
export const isMatch = (sections: readonly Section[]): boolean =>
  sections.length > 0 &&
  sections.every(({ findings }) => findings.every(({ kind }) => kind === 'note'))

/** Writes the lines of the report: each section with its findings, and a last line with the result. */
export function describeSections(
  sections: readonly Section[],
  { hasMistakes }: { readonly hasMistakes: boolean },
): readonly string[] {
  const count = (kind: AzureFinding['kind']) =>
    sections.flatMap(({ findings }) => findings).filter((found) => found.kind === kind).length
  const counts = (['missing', 'too-much', 'unknown'] as const)
    .map((kind) => ({ kind, some: count(kind) }))
    .filter(({ some }) => some > 0)
    .map(({ kind, some }) => `${some} ${words[kind]}`)
  return [
    ...sections.flatMap(({ title, findings }) => [
      `${title}:`,
      ...(isMatch([{ title, findings }]) ? ['  matches the files'] : []),
      ...findings.map(({ kind, sentence }) => `  ${words[kind]}: ${sentence}`),
    ]),
    ...(counts.length > 0
      ? [`result: ${counts.join(', ')}`]
      : [
          hasMistakes
            ? 'result: what could be read of the files matches'
            : 'result: Azure has what the files need, and no more',
        ]),
  ]
}
