import type { JsonObject } from '../../../lib/shape.ts'
import type { AzureWorld } from '../support/azure-world.ts'
import type { Check } from './published-models.ts'

export interface AzureRequest {
  readonly method: string
  readonly host: string
  /** With its query. */
  readonly path: string
  readonly isSignedIn: boolean
  /** JSON, or undefined. */
  readonly body: unknown
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  /** The request has changed something. */
  readonly isChange?: true
}

export interface AzureOptions {
  readonly world: AzureWorld
  readonly check: Check
  /** Takes what is wrong with a request. */
  readonly onProblem: (problem: string) => void
  readonly onSecret: (name: string, value: string) => void
}

/** The parameters of a path, by the names that Microsoft's packages have for them. */
type Found = Readonly<Record<string, string>>
/** One kind of request, and what it does to the world. */
export interface Route {
  readonly method: string
  /** Its named groups are the parameters. */
  readonly path: RegExp
  readonly published?: Omit<Parameters<Check>[0], 'parameters'>
  readonly isChange?: true
  /** Undefined: it doesn't exist. */
  readonly answer: (
    options: AzureOptions,
    found: Found,
    body: JsonObject,
  ) => Omit<Answer, 'isChange'> | undefined
}

export const ok = (body: unknown) => ({ status: 200, body })
export const on = (path: string) => new RegExp(`^${path}$`)
export const errorBody = (code: string, message: string) => ({ error: { code, message } })
