import { jsonOf } from './json-of.ts'
import type { ControlAnswer, ControlRequest } from './tools.ts'

const maxBytes = 8 * 1024 * 1024
const timeoutMs = 30_000

/** Asks the control interface of an emulator. Something else may listen there, so what is read is bounded, and so is the time. */
export async function askControl(
  url: string | undefined,
  request: ControlRequest,
  abort: AbortSignal,
): Promise<ControlAnswer> {
  const none = { status: undefined, body: undefined }
  if (url === undefined) return none
  try {
    const target = new URL(request.path, url)
    if ('vault' in request) target.searchParams.set('vault', request.vault)
    const response = await fetch(target, {
      signal: AbortSignal.any([abort, AbortSignal.timeout(timeoutMs)]),
      redirect: 'error',
      ...('method' in request && { method: request.method }),
      ...('body' in request && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request.body),
      }),
    })
    const chunks: Uint8Array[] = []
    let bytes = 0
    // Leaving the loop ends the connection.
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > maxBytes) return none
      chunks.push(chunk)
    }
    return { status: response.status, body: jsonOf(Buffer.concat(chunks).toString()) }
  } catch {
    return none
  }
}
