import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/**
 * Sends an AdmissionReview. A large one is written in pieces, each when the kernel has taken the one before.
 *
 * While 64 KiB or more of an answer are unwritten, Node pauses the parser of the connection, and it learns only turns of the
 * event loop later that the kernel has taken everything. If the client has read the answer by then, and its next request
 * arrives in more than one TLS record, Node reports a parse error and the connection is closed. An API server doesn't
 * repeat a review, so the pod would be refused. With less than 64 KiB unwritten, Node never pauses the parser.
 *
 * @param body - the AdmissionReview as JSON
 * @param bytes - its size in UTF-8
 */
export function sendAnswer(reply: FastifyReply, body: string, bytes: number): void {
  reply.hijack()
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes,
  })
  // Node writes a string together with the headers.
  if (bytes <= pieceBytes) reply.raw.end(body)
  else writePieces(reply.raw, Buffer.from(body))
}

function writePieces(response: ServerResponse, bytes: Buffer): void {
  if (bytes.length <= pieceBytes) response.end(bytes)
  else
    response.write(bytes.subarray(0, pieceBytes), (error) => {
      if (error == null) writePieces(response, bytes.subarray(pieceBytes))
    })
}

/** Half of what Node writes before it pauses (`getDefaultHighWaterMark`), so the headers fit, too. */
const pieceBytes = 32 * 1024
