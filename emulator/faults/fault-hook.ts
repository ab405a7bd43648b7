import { setTimeout } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { TlsApp } from '../http/tls-app.ts'
import { refusalBody, refusals } from '../refusals/entra-refusal.ts'
import { noToken, throttled, type VaultRefusal, vaultBody } from '../refusals/vault-refusal.ts'
import type { ActionAt, Faults, FaultTarget, Service } from './faults.ts'

interface FaultSource {
  readonly faults: Faults
  now(): Date
}

/** Applies the faults that take effect when a request arrives. */
export function injectFaults(app: TlsApp, { faults, now }: FaultSource): void {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  app.addHook('onRequest', async (request, reply) => {
    for (const action of faults.take('arrival', targetOf(request))) {
      if (action.kind !== 'delay') return applyAction(action, request, reply, now())
      await setTimeout(action.delayMs, undefined, { signal: closing.signal })
    }
  })
}

/** The properties of a request that faults match. A path that belongs neither to Entra nor to the issuer belongs to a vault. */
export function targetOf({ url, method, headers }: FastifyRequest): FaultTarget {
  const path = url.split('?')[0] ?? ''
  const [, first = '', second = ''] = path.toLowerCase().split('/')
  const service = serviceOf(first, second)
  return {
    service,
    vault: service === 'vault' ? first : undefined,
    path,
    method,
    authorized: headers.authorization !== undefined,
    laterPage: /[?&](?:\$|%24)skiptoken=/i.test(url),
  }
}

function serviceOf(first: string, second: string): Service {
  if (first === 'issuer' && !['secrets', 'keys', 'certificates'].includes(second)) return 'issuer'
  return ['oauth2', 'v2.0', 'discovery'].includes(second) ? 'entra' : 'vault'
}

type ArrivalAction = Exclude<ActionAt['arrival'], { kind: 'delay' }>

function applyAction(
  action: ArrivalAction,
  request: FastifyRequest,
  reply: FastifyReply,
  now: Date,
) {
  switch (action.kind) {
    case 'throttle':
      if (action.retryAfterSeconds !== undefined)
        reply.header('retry-after', action.retryAfterSeconds)
      return reply.code(429).send(bodyOf(request, throttled, now))
    case 'status':
      return reply.code(action.status).send(bodyOf(request, emulatedFault, now))
    case 'reset':
      reply.hijack()
      request.raw.socket.destroy()
      return reply
    case 'redirect':
      return reply.redirect(action.location, action.status ?? 302)
    case 'challenge':
      return reply.code(401).header('www-authenticate', action.header).send(vaultBody(noToken))
    case 'malformed':
      return reply.type('application/json; charset=utf-8').send(action.body ?? brokenJson)
    default:
      return action satisfies never
  }
}

const brokenJson = '{"value": "cut o'
const emulatedFault = { code: 'EmulatedFault', message: 'This fault was injected.' }

/** The body has the shape that the faulty service would give it. */
const bodyOf = (request: FastifyRequest, refusal: Omit<VaultRefusal, 'status'>, now: Date) =>
  targetOf(request).service === 'entra'
    ? refusalBody(refusals.transient(), now)
    : vaultBody(refusal)
