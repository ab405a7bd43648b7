/** Carries out the faults that take effect when a request arrives. */

import { setTimeout } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FaultAction, Faults, FaultTarget, Service } from './faults.ts'
import type { TlsApp } from './tls-app.ts'
import { throttled, vaultBody } from './vault-refusal.ts'

/** A request that several delays fit is slowed down by each, but not for ever. */
const maxFaultsPerRequest = 10

export function injectFaults(app: TlsApp, faults: Faults): void {
  const closing = new AbortController()
  app.addHook('preClose', async () => closing.abort())
  app.addHook('onRequest', async (request, reply) => {
    for (let taken = 0; taken < maxFaultsPerRequest; taken += 1) {
      const action = faults.take('arrival', targetOf(request))
      if (action === undefined) return
      if (action.kind !== 'delay') return carryOut(action, request, reply)
      await setTimeout(action.delayMs, undefined, { signal: closing.signal })
    }
  })
}

/** What a request is to the faults. Paths that name neither Entra nor the issuer are a vault's. */
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
  }
}

function serviceOf(first: string, second: string): Service {
  if (first === 'issuer' && second !== 'secrets') return 'issuer'
  return ['oauth2', 'v2.0', 'discovery'].includes(second) ? 'entra' : 'vault'
}

type ArrivalAction = Exclude<FaultAction, { kind: 'delay' }>

function carryOut(action: ArrivalAction, { raw }: FastifyRequest, reply: FastifyReply) {
  switch (action.kind) {
    case 'throttle':
      if (action.retryAfterSeconds !== undefined)
        reply.header('retry-after', action.retryAfterSeconds)
      return reply.code(429).send(vaultBody(throttled))
    case 'status':
      return reply
        .code(action.status)
        .send({ error: { code: 'EmulatedFault', message: 'A fault was asked for.' } })
    case 'reset':
      reply.hijack()
      raw.socket.destroy()
      return reply
    case 'redirect':
      return reply.redirect(action.location, action.status ?? 302)
    case 'challenge':
      return reply
        .code(401)
        .header('www-authenticate', action.header)
        .send({
          error: {
            code: 'Unauthorized',
            message: 'AKV10000: Request is missing a Bearer or PoP token.',
          },
        })
    case 'malformed':
      return reply.type('application/json; charset=utf-8').send(action.body ?? '{"value": "cut o')
    // Both take effect later, see `stageOf`.
    case 'forbidden':
    case 'entra':
      return reply
    default:
      return action satisfies never
  }
}
