import { randomUUID } from 'node:crypto'
import type { FastifyError } from 'fastify'
import { printable } from '../../lib/printable.ts'
import { wrongContentType } from './body/json-body.ts'
import { mutatePath } from './mutate-route.ts'
import type { Refusal, Refuse } from './refusal.ts'
import type { WebhookServer } from './webhook-server.ts'

/** Gives a sentence to what fails before, or outside of, `POST /mutate`. */
export function addErrorAnswers(app: WebhookServer, refuse: Refuse): void {
  // Before the body is read, which for Fastify's own handler is later.
  app.addHook('onRequest', (request, reply, next) => {
    if (!request.is404) return next()
    const [path = ''] = request.url.split('?')
    if (path !== mutatePath)
      return refuse(reply, {
        status: 404,
        sentence: `there is nothing at ${printable(path)}; AdmissionReviews go to POST ${mutatePath}`,
      })
    reply.header('allow', 'POST')
    return refuse(reply, {
      status: 405,
      sentence: `expected POST ${mutatePath}, found ${request.method}`,
    })
  })

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error, request.headers['content-type'] ?? '')
    if (refusal.status < 500) return refuse(reply, refusal)
    const failureId = randomUUID()
    app.log.error({ err: error, failureId }, 'failed outside of an admission')
    return refuse(reply, { ...refusal, sentence: `${refusal.sentence} under ${failureId}` })
  })
}

function refusalOf(error: FastifyError, contentType: string): Refusal {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return wrongContentType(contentType)
  const { statusCode = 500, message } = error
  return statusCode >= 400 && statusCode < 500
    ? { status: statusCode, sentence: message }
    : { status: 500, sentence: 'akv-injector failed through a fault of its own; its log has it' }
}
