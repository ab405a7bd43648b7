import type { Parsed } from '../../../lib/problems/parsed.ts'
import { findGoProgram } from './find-go-program.ts'
import type { FindPartsOptions } from './find-parts.ts'

/** Looks for Helm, of the version that .ci/run tests the chart with, or builds it. */
export const findHelm = (options: Omit<FindPartsOptions, 'names'>): Promise<Parsed<string>> =>
  findGoProgram({ name: 'helm', target: 'helm.sh/helm/v3/cmd/helm', version: '3.22.0' }, options)
