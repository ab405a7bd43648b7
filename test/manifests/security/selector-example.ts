import type { Labels } from './matching.ts'

const values = ['shop', 'web']
/** A selector with each operator that Kubernetes has. */
export const everyOperator = {
  matchLabels: { label: 'a' },
  matchExpressions: [
    { key: 'in', operator: 'In', values },
    { key: 'not-in', operator: 'NotIn', values },
    { key: 'exists', operator: 'Exists' },
    { key: 'absent', operator: 'DoesNotExist' },
  ],
}
export const selected: Labels = { label: 'a', in: 'web', exists: '' }
/** Each lacks what one part of the selector asks for. */
export const leftOut: readonly Labels[] = [
  { ...selected, label: 'b' },
  { in: 'web', exists: '' },
  { ...selected, in: 'other' },
  { label: 'a', exists: '' },
  { ...selected, 'not-in': 'shop' },
  { label: 'a', in: 'web' },
  { ...selected, absent: '' },
]
