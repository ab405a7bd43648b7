import type { AllInput } from '../../requests/secret/composition.ts'

/**
 * The `conversionStrategy` of the External Secrets Operator: letters, digits, `-`, `.` and `_` stay. Anything else becomes `_`,
 * or, for `Unicode`, its code.
 */
export const convertName = (name: string, conversion?: AllInput['conversion']): string =>
  name.replaceAll(/[^\p{L}\p{N}\-._]/gu, (character) =>
    conversion === 'Unicode'
      ? `_U${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}_`
      : '_',
  )
