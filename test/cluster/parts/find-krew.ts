import { type Parsed, valid } from '../../../lib/problems/parsed.ts'
import { findGoProgram } from './find-go-program.ts'
import type { FindPartsOptions } from './find-parts.ts'

interface KrewPrograms {
  readonly krew: string
  /** The program with which krew's maintainers check manifests. */
  readonly validator: string
}

/** Looks for krew, or builds it. */
export async function findKrew(
  options: Omit<FindPartsOptions, 'names'>,
): Promise<Parsed<KrewPrograms>> {
  const find = (name: string) =>
    findGoProgram({ name, target: `sigs.k8s.io/krew/cmd/${name}`, version: '0.4.3' }, options)
  const krew = await find('krew')
  if (krew.kind === 'invalid') return krew
  const validator = await find('validate-krew-manifest')
  if (validator.kind === 'invalid') return validator
  return valid({ krew: krew.value, validator: validator.value })
}
