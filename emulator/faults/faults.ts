/** Faults on demand: which requests they match, what they do, and for how many requests or how long. */

import type { InnerForbiddenCode } from '../refusals/vault-refusal.ts'

export interface Fault {
  /** If absent, the fault hits every request. */
  readonly match?: FaultMatch | undefined
  /** How many requests the fault hits; any number if absent. */
  readonly count?: number | undefined
  /** How long the fault lasts after it was added. Absent: until {@link count} requests, or until faults are cleared. */
  readonly forMs?: number | undefined
  readonly action: FaultAction
}

/** A request must match every property that is present. */
interface FaultMatch {
  readonly service?: Service | undefined
  readonly vault?: string | undefined
  /** The beginning of the path, including the vault's name, case-insensitive: `/team-a/secrets/db`. */
  readonly path?: string | undefined
  readonly method?: string | undefined
  /** Whether the request has an Authorization header. The SDKs' first request, which only gets the challenge, has none. */
  readonly authorized?: boolean | undefined
  /** Whether the request is for a page of a list that isn't the first. */
  readonly laterPage?: boolean | undefined
}

export const services = ['entra', 'issuer', 'vault'] as const
export type Service = (typeof services)[number]

type FaultAction =
  | { readonly kind: 'throttle'; readonly retryAfterSeconds?: number | undefined }
  | { readonly kind: 'status'; readonly status: number }
  /** The request continues as usual after that time, unless another fault hits it. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number | undefined }
  /** 401 with exactly this `WWW-Authenticate` header. */
  | { readonly kind: 'challenge'; readonly header: string }
  /** 200 with this body (default: truncated JSON). */
  | { readonly kind: 'malformed'; readonly body?: string | undefined }
  /** A vault refuses an authenticated caller. With a count or a time: a role or a firewall rule that hasn't propagated yet. */
  | { readonly kind: 'forbidden'; readonly innerCode: InnerForbiddenCode }
  /** Entra refuses a token request (AADSTS). With a count or a time: a federated credential that hasn't propagated yet. */
  | { readonly kind: 'entra'; readonly code: number }

type ForbiddenAction = Extract<FaultAction, { kind: 'forbidden' }>
type EntraAction = Extract<FaultAction, { kind: 'entra' }>

/** The stages of a request, with the faults that take effect there. */
export interface ActionAt {
  readonly arrival: Exclude<FaultAction, ForbiddenAction | EntraAction>
  /** In a vault, after the caller is authenticated. */
  readonly authorization: ForbiddenAction
  /** In Entra, after the form is parsed. */
  readonly token: EntraAction
}
type Stage = keyof ActionAt

export interface FaultTarget {
  readonly service: Service
  readonly vault?: string | undefined
  readonly path: string
  readonly method: string
  readonly authorized: boolean
  readonly laterPage: boolean
}

export type Faults = ReturnType<typeof createFaults>

const maxFaults = 1000

export function createFaults(now: () => Date) {
  let active: { readonly fault: Fault; readonly untilMs: number; left: number }[] = []
  return {
    /** @throws Error when there are already a thousand faults */
    add: (fault: Fault): void => {
      if (active.length >= maxFaults)
        throw new Error(`there are ${maxFaults} faults already: clear them first`)
      const untilMs = now().getTime() + (fault.forMs ?? Number.POSITIVE_INFINITY)
      active.push({ fault, untilMs, left: fault.count ?? Number.POSITIVE_INFINITY })
    },
    /** @param vault - ends only those that name this vault */
    clear: (vault?: string): void => {
      active = active.filter(
        ({ fault }) =>
          vault !== undefined && fault.match?.vault?.toLowerCase() !== vault.toLowerCase(),
      )
    },
    /** Takes the faults that hit this request, oldest first: any delays, and at most one other. Counts each as used. */
    take: <S extends Stage>(stage: S, target: FaultTarget): readonly ActionAt[S][] => {
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
  { service, vault, path, method, authorized, laterPage }: FaultMatch,
  target: FaultTarget,
): boolean {
  return (
    (service === undefined || service === target.service) &&
    (vault === undefined || vault.toLowerCase() === target.vault) &&
    (path === undefined || target.path.toLowerCase().startsWith(path.toLowerCase())) &&
    (method === undefined || method.toUpperCase() === target.method) &&
    (authorized === undefined || authorized === target.authorized) &&
    (laterPage === undefined || laterPage === target.laterPage)
  )
}
