import type { AddressInfo } from 'node:net'
import { type FastifyError, type FastifyInstance, fastify } from 'fastify'
import type { z } from 'zod'
import { reasonOf } from '../lib/reason-of.ts'
import type { Commands } from './commands.ts'
import { tagsSchema } from './data/object-schema.ts'
import { contentSchema } from './data/parse-data.ts'
import { secretValue } from './data/secret-schema.ts'
import { faultSchema } from './faults/fault-schema.ts'
import { objectKinds } from './refusals/vault-refusal.ts'
import { describeIssues } from './schema/describe-issues.ts'
import {
  flag,
  list,
  mapping,
  maybe,
  validText,
  wholeNumber,
  withDefault,
  word,
} from './schema/schema-parts.ts'

const maxBodyBytes = 256 * 1024
const maxLifetimeSeconds = 10 * 365 * 24 * 3600

const name = validText('1 to 127 letters, digits and hyphens', (found) =>
  /^[0-9a-z-]{1,127}$/i.test(found),
)
const dnsName = validText('a Kubernetes name', (found) => /^[0-9a-z.-]{1,253}$/.test(found))

const named = { vault: validText('a vault'), name, type: maybe(word(objectKinds)) }
const someNames = (accepted: string) => withDefault(list(validText(accepted).toLowerCase()), [])
const contentNames = mapping({
  identities: someNames('a client ID (UUID)'),
  vaults: someNames('a vault'),
})
const creation = mapping({ vault: named.vault, name, value: maybe(secretValue) })
const rotation = mapping({ ...named, value: maybe(secretValue) })
const change = mapping({
  ...named,
  version: maybe(validText('32 hexadecimal digits')),
  enabled: maybe(flag),
  deleted: maybe(flag),
  contentType: maybe(validText('a string')),
  tags: maybe(tagsSchema),
})
const whoseFaults = mapping({ vault: maybe(validText('a vault')) })
const tokenRequest = mapping({
  namespace: dnsName,
  serviceAccount: dnsName,
  audience: maybe(validText('a string')),
  expiresInSeconds: maybe(wholeNumber(-maxLifetimeSeconds, maxLifetimeSeconds)),
})

/** Serves the commands over plain HTTP, on loopback only. The answer to an invalid request lists its problems: `{ "problems": [...] }`. */
export async function startControl(
  commands: Commands & { readonly connection: object },
  port: number,
) {
  const app = fastify({ forceCloseConnections: true, bodyLimit: maxBodyBytes })
  guard(app)
  const post = <T>(path: string, schema: z.ZodType<T>, run: (value: T) => unknown) =>
    app.post(path, async (request, reply) => {
      const result = schema.safeParse(request.body ?? {})
      if (!result.success)
        return reply.code(400).send({ problems: describeIssues(result.error.issues, 'body') })
      try {
        return (await run(result.data)) ?? {}
      } catch (error) {
        return reply.code(409).send({ problems: [reasonOf(error)] })
      }
    })

  post('/add', contentSchema, commands.add)
  post('/remove', contentNames, commands.remove)
  post('/create', creation, (secret) => ({ version: commands.create(secret) }))
  post('/rotate', rotation, (rotation) => ({ version: commands.rotate(rotation) }))
  post('/set', change, commands.update)
  post('/faults', faultSchema, commands.addFault)
  post('/service-account-tokens', tokenRequest, async (options) => ({
    token: await commands.serviceAccountToken(options),
  }))
  post('/rotate-cluster-ca', mapping({}), async () => ({ ca: await commands.rotateClusterCa() }))
  app.delete('/faults', async ({ query }, reply) => {
    const result = whoseFaults.safeParse(query)
    if (!result.success)
      return reply.code(400).send({ problems: describeIssues(result.error.issues, 'query') })
    commands.clearFaults(result.data.vault)
    return {}
  })
  app.get('/names', async () => commands.names())
  app.get('/connection', async () => commands.connection)
  app.get('/requests', async () => ({ requests: commands.requests }))

  await app.listen({ host: '127.0.0.1', port })
  const address = app.server.address() as AddressInfo
  return { url: `http://127.0.0.1:${address.port}`, close: () => app.close() }
}

function guard(app: FastifyInstance): void {
  app.setErrorHandler(({ code, statusCode = 500, message }: FastifyError, _request, reply) => {
    const problem =
      code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE'
        ? 'send JSON, as content-type: application/json'
        : message
    return reply.code(statusCode).send({ problems: [problem] })
  })
  // A web page may send text and forms to another origin without a preflight request, but not JSON.
  app.removeContentTypeParser('text/plain')
  // Against DNS rebinding: a web page could point its own host name at 127.0.0.1.
  app.addHook('onRequest', async ({ hostname }, reply) =>
    ['127.0.0.1', 'localhost'].includes(hostname)
      ? undefined
      : reply.code(403).send({
          problems: ['this endpoint accepts only the host names 127.0.0.1 and localhost'],
        }),
  )
}
