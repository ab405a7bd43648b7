import { randomUUID } from 'node:crypto'
import type { FastifyError } from 'fastify'
import type { LineLimit } from '../../lib/log/limit-lines.ts'
import { printable } from '../../lib/printable.ts'
import { wrongContentType } from './body/json-body.ts'
import { csiPath, mutatePath } from './mutate-route.ts'
import type { Refusal, Refuse } from './server/refusal.ts'
import type { WebhookServer } from './server/webhook-server.ts'

/** Answers requests that never reach `POST /mutate`, or fail before it, with a sentence. */
export function addErrorAnswers(
  app: WebhookServer,
  { refuse, limitLines }: { readonly refuse: Refuse; readonly limitLines: LineLimit },
): void {
  // Fastify's own handler of unknown paths would read the body first.
  app.addHook('onRequest', (request, reply, next) => {
    if (!request.is404) return next()
    const [path = ''] = request.url.split('?')
    if (path !== mutatePath && path !== csiPath)
      return refuse(reply, {
        status: 404,
        sentence: `nothing is served at ${printable(path)}; send AdmissionReviews to POST ${mutatePath}`,
      })
    reply.header('allow', 'POST')
    return refuse(reply, {
      status: 405,
      sentence: `expected POST ${path}, found ${request.method}`,
    })
  })

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error, request.headers['content-type'] ?? '')
    if (refusal.status < 500) return refuse(reply, refusal)
    const failureId = randomUUID()
    limitLines('internal error', (leftOut) =>
      app.log.error(
        { err: error, failureId, ...leftOut },
        'internal error outside of an admission',
      ),
    )
    return refuse(reply, { ...refusal, sentence: `${refusal.sentence} under ${failureId}` })
  })
}

function refusalOf(error: FastifyError, contentType: string): Refusal {
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return wrongContentType(contentType)
  const { statusCode = 500, message } = error
  return statusCode >= 400 && statusCode < 500
    ? { status: statusCode, sentence: message }
    : {
        status: 500,
        sentence: 'akv-injector failed with an internal error; its log has the details',
      }
}
