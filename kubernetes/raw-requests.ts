import { ApiException, HttpMethod } from '@kubernetes/client-node'
import { type Connection, LargeAnswerError, type ReadPart } from './connection.ts'

export interface RawRequest {
  /** Such as `/api/v1/namespaces/team-a/pods`. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Makes it a POST, of JSON. */
  readonly body?: object
  /** Reads a success part by part; the text is empty then. */
  readonly readPart?: ReadPart
}

/**
 * Sends a request, and returns the text of the answer. The client's own methods turn answers into its classes, which takes longer
 * than reading them, and loses members that it doesn't know.
 *
 * @throws ApiException for any answer that isn't a success
 */
export async function sendRaw(
  { configuration, send }: Pick<Connection, 'configuration' | 'send'>,
  { path, query = {}, body, readPart }: RawRequest,
): Promise<string> {
  const method = body === undefined ? HttpMethod.GET : HttpMethod.POST
  const request = configuration.baseServer.makeRequestContext(path, method)
  request.setHeaderParam('Accept', 'application/json, */*;q=0.8')
  for (const [name, value] of Object.entries(query)) request.setQueryParam(name, value)
  if (body !== undefined) {
    request.setHeaderParam('Content-Type', 'application/json')
    request.setBody(JSON.stringify(body))
  }
  await configuration.authMethods.default?.applySecurityAuthentication(request)
  const answer = await send(request, readPart)
  const text = await answer.body.text()
  if (answer.httpStatusCode < 300) return text
  throw new ApiException(answer.httpStatusCode, 'not a success', text, answer.headers)
}

/** Whether a connection broke before the answer was complete, so that the same request may succeed. */
export const isBroken = (error: unknown): boolean =>
  !(error instanceof ApiException) &&
  !(error instanceof LargeAnswerError) &&
  !(error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
