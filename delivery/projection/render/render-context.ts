import type { FetchedSecret } from '../../../keyvault/clients/object-client.ts'
import { decodeValue } from '../../../keyvault/formats/encoding.ts'
import type { JsonDocument } from '../../../keyvault/formats/property.ts'
import { describeObject } from '../../../keyvault/reference.ts'
import { type CpuBudget, createCpuBudget } from '../../../lib/cpu-budget.ts'
import { AkvError, type AkvErrorCode } from '../../../lib/errors/akv-error.ts'
import type { Parsed } from '../../../lib/problems/parsed.ts'
import type { WantedValue } from '../../contract.ts'

/** The context that all targets of one projection share. */
export interface RenderContext {
  /** How many properties "#*" may find. */
  readonly maxProperties: number
  readonly budget: CpuBudget
  /** Parsed JSON values, so that a value is parsed once for all its targets. */
  readonly documents: WeakMap<FetchedSecret, Parsed<JsonDocument>>
}

export const createRenderContext = ({
  maxProperties = Number.POSITIVE_INFINITY,
  budget = createCpuBudget(),
}: Partial<Omit<RenderContext, 'documents'>> = {}): RenderContext => ({
  maxProperties,
  budget,
  documents: new WeakMap(),
})

/** What a target gives. Without a name, it is all of it. */
export interface TargetPart {
  readonly name?: string
  readonly bytes: Uint8Array
}

/** Estimated CPU time of a target, in microseconds. */
export const targetCost = 5

export function decode(value: string, wanted: WantedValue): Uint8Array {
  return valueOrThrow(decodeValue(value, wanted.encoding ?? 'utf-8'), wanted, 'AKV_ENCODING')
}

/** @throws AkvError that names the object */
export function valueOrThrow<T>(parsed: Parsed<T>, wanted: WantedValue, code: AkvErrorCode): T {
  if (parsed.kind === 'invalid') throw renderError(wanted, { code, problem: parsed.problem })
  return parsed.value
}

export const renderError = (
  { object }: WantedValue,
  { code, problem }: { readonly code: AkvErrorCode; readonly problem: string },
): AkvError => new AkvError(code, `${describeObject(object)}: ${problem}`)
