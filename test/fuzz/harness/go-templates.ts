import type { Test } from 'tap'
import { startGoOriginals } from './start-go-originals.ts'

export interface GoResult {
  readonly bytes: Uint8Array
  /** Empty if the template worked. */
  readonly error: string
}

export type GoTemplates = (
  template: string,
  data: ReadonlyMap<string, Uint8Array>,
) => Promise<GoResult>

/** Builds and starts a program that renders templates with Go's text/template and sprig. */
export async function startGoTemplates(t: Test): Promise<GoTemplates> {
  const ask = await startGoOriginals(t)
  return async (template, data) => {
    const encoded = [...data].map(([key, bytes]) => [key, Buffer.from(bytes).toString('base64')])
    const answer = await ask({
      reader: 'template',
      text: template,
      data: Object.fromEntries(encoded),
    })
    const { text, error } = answer as { readonly text: string; readonly error: string }
    return { bytes: Buffer.from(text, 'base64'), error }
  }
}
