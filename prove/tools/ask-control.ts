import { jsonOf } from './json-of.ts'
import type { ControlAnswer, ControlRequest } from './tools.ts'

const maxBytes = 8 * 1024 * 1024
const timeoutMs = 30_000

/** Asks the control interface of an emulator. */
export async function askControl(
  url: string | undefined,
  request: ControlRequest,
  abort: AbortSignal,
): Promise<ControlAnswer> {
  const none = { status: undefined, body: undefined }
  if (url === undefined) return none
  try {
    const response = await fetch(new URL(request.path, url), {
      signal: AbortSignal.any([abort, AbortSignal.timeout(timeoutMs)]),
      redirect: 'error',
      ...('body' in request && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request.body),
      }),
    })
    if (Number(response.headers.get('content-length') ?? 0) > maxBytes) return none
    return { status: response.status, body: jsonOf(await response.text()) }
  } catch {
    return none
  }
}
