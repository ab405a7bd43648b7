/** Faults on demand: what to do with which requests, for how many of them or how long. */

import type { InnerForbiddenCode } from '../refusals/vault-refusal.ts'

export interface Fault {
  /** Absent: every request. */
  readonly match?: FaultMatch | undefined
  /** How many requests it hits. Absent: no limit. */
  readonly count?: number | undefined
  /** How long it lasts from when it was added. Absent: until {@link count} or a clearing ends it. */
  readonly forMs?: number | undefined
  readonly action: FaultAction
}

/** All that is there must hold. */
export interface FaultMatch {
  readonly service?: Service | undefined
  readonly vault?: string | undefined
  /** Start of the path, a vault's name included, without regard to case: `/team-a/secrets/db`. */
  readonly path?: string | undefined
  readonly method?: string | undefined
  /** Whether the request carries an Authorization header: the SDKs' first one, which asks for a challenge, doesn't. */
  readonly authorized?: boolean | undefined
}

export const services = ['entra', 'issuer', 'vault'] as const
export type Service = (typeof services)[number]

export type FaultAction =
  | { readonly kind: 'throttle'; readonly retryAfterSeconds?: number | undefined }
  | { readonly kind: 'status'; readonly status: number }
  /** Answered as usual after that time, unless a further fault applies. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number | undefined }
  /** 401 with this `WWW-Authenticate`, to the letter. */
  | { readonly kind: 'challenge'; readonly header: string }
  /** 200 with this body (default: JSON that breaks off). */
  | { readonly kind: 'malformed'; readonly body?: string | undefined }
  /** A vault's refusal of a caller it knows: with a count or a time, a role or a firewall rule that isn't everywhere yet. */
  | { readonly kind: 'forbidden'; readonly innerCode: InnerForbiddenCode }
  /** Entra's refusal (AADSTS) of a token request: with a count or a time, a federated credential that isn't everywhere yet. */
  | { readonly kind: 'entra'; readonly code: number }

type ForbiddenAction = Extract<FaultAction, { kind: 'forbidden' }>
type EntraAction = Extract<FaultAction, { kind: 'entra' }>

/** Where in a request's life which faults take effect. */
export interface ActionAt {
  readonly arrival: Exclude<FaultAction, ForbiddenAction | EntraAction>
  /** A vault's, when the caller is known. */
  readonly authorization: ForbiddenAction
  /** Entra's, when the form is read. */
  readonly token: EntraAction
}
export type Stage = keyof ActionAt

export interface FaultTarget {
  readonly service: Service
  readonly vault?: string | undefined
  readonly path: string
  readonly method: string
  readonly authorized: boolean
}

export interface Faults {
  /** @throws Error when there are a thousand already */
  add(fault: Fault): void
  clear(): void
  /** What hits this request now, oldest first: delays, and at most one that ends it. They count as used. */
  take<S extends Stage>(stage: S, target: FaultTarget): readonly ActionAt[S][]
}

const maxFaults = 1000

export function createFaults(now: () => Date): Faults {
  let active: { readonly fault: Fault; readonly untilMs: number; left: number }[] = []
  return {
    add: (fault) => {
      if (active.length >= maxFaults)
        throw new Error(`there are ${maxFaults} faults already: clear them first`)
      const untilMs = now().getTime() + (fault.forMs ?? Number.POSITIVE_INFINITY)
      active.push({ fault, untilMs, left: fault.count ?? Number.POSITIVE_INFINITY })
    },
    clear: () => {
      active = []
    },
    take: (stage, target) => {
      active = active.filter(({ left, untilMs }) => left > 0 && untilMs > now().getTime())
      const taken = []
      for (const entry of active) {
        const { action, match } = entry.fault
        if (!isAt(stage, action) || !matches(match ?? {}, target)) continue
        entry.left -= 1
        taken.push(action)
        if (action.kind !== 'delay') break
      }
      return taken
    },
  }
}

function isAt<S extends Stage>(stage: S, action: FaultAction): action is ActionAt[S] {
  switch (action.kind) {
    case 'forbidden':
      return stage === 'authorization'
    case 'entra':
      return stage === 'token'
    default:
      return stage === 'arrival'
  }
}

function matches(
  { service, vault, path, method, authorized }: FaultMatch,
  target: FaultTarget,
): boolean {
  return (
    (service === undefined || service === target.service) &&
    (vault === undefined || vault.toLowerCase() === target.vault) &&
    (path === undefined || target.path.toLowerCase().startsWith(path.toLowerCase())) &&
    (method === undefined || method.toUpperCase() === target.method) &&
    (authorized === undefined || authorized === target.authorized)
  )
}
