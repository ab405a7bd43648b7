import { parseBoundedJson } from '../../../lib/json/parse-bounded-json.ts'
import { printable } from '../../../lib/printable.ts'
import { maxBodyBytes } from '../../body/max-body-bytes.ts'
import { readBody } from '../../body/read-body.ts'
import type { TakeTurn } from '../../sharing/turns.ts'
import { type Refusal, refusalError } from '../server/refusal.ts'
import type { WebhookServer } from '../server/webhook-server.ts'
import { namespaceHint } from './namespace-hint.ts'

/**
 * Parses bodies as JSON, bounded in size and depth. Fastify's own parser isn't used, because it refuses a `__proto__`
 * anywhere in the body, and a pod may have such a label.
 */
export function addJsonBody(
  app: WebhookServer,
  { takeTurn }: { readonly takeTurn: TakeTurn },
): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', (request, payload, done) => {
    const { 'content-type': contentType = '', 'content-length': announced } = request.headers
    if (!isUtf8(contentType)) return done(refusalError(wrongContentType(contentType)))
    const announcedBytes = Number(announced ?? 0)
    if (announcedBytes > maxBodyBytes) return done(refusalError(tooLarge))
    readBody(payload, { announcedBytes, maxBytes: maxBodyBytes }, (error, body) => {
      if (error !== null) return done(Object.assign(error, { statusCode: 400 }))
      if (body === undefined) return done(refusalError(tooLarge))
      // The whole review happens in this turn, because `done` calls the route's handler.
      takeTurn({ address: request.ip, namespace: namespaceHint(body) }, () => {
        if (request.raw.socket.destroyed) return
        const parsed = parseBoundedJson(body, bounds)
        if (parsed.kind === 'value') done(null, parsed.value)
        else done(refusalError({ status: 400, sentence: wrongBody[parsed.kind] }))
      })
    })
  })
}

/** The refusal of a body that isn't labelled as JSON. */
export const wrongContentType = (found: string): Refusal => ({
  status: 415,
  sentence: `expected Content-Type application/json (in UTF-8), found "${printable(found)}"`,
})

/** JSON is UTF-8 (RFC 8259, 8.1). A `charset` parameter may say so. */
function isUtf8(contentType: string): boolean {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(contentType) ?? []
  return charset === undefined || /^utf-?8$/i.test(charset)
}

/** The pod schema is less than 20 levels deep, and the largest pod that etcd stores has a tenth of these values. */
const bounds = { maxDepth: 64, maxValues: 200_000 }
const wrongBody = {
  depth: `expected an AdmissionReview, found JSON nested more than ${bounds.maxDepth} deep`,
  values: `expected an AdmissionReview, found JSON with more than ${bounds.maxValues} values`,
  'not-json': 'expected an AdmissionReview, found a body that is not JSON',
}
const tooLarge: Refusal = {
  status: 413,
  sentence: `expected an AdmissionReview of at most ${maxBodyBytes / 1024 / 1024} MiB, found more`,
}
