/** What a link holds. */
interface Shared {
  readonly text: string
  readonly namespace: string
  /** Lines of `NAME=VALUE`. */
  readonly settings: string
}

const prefix = '#1.'

/** Browsers and chat programs cut longer links. */
const maxLinkLength = 256 * 1024
/** A short text can unpack to gigabytes. */
const maxUnpackedBytes = 1024 * 1024

/**
 * Packs what the page has into the fragment of a link, which browsers never send.
 *
 * @returns undefined if it would be too long
 */
export async function linkTo({ text, namespace, settings }: Shared): Promise<string | undefined> {
  const json = new TextEncoder().encode(JSON.stringify([text, namespace, settings]))
  if (json.length > maxUnpackedBytes) return undefined
  const packed = await readAll(new CompressionStream('deflate-raw'), json)
  if (packed === undefined) return undefined
  const link = `${prefix}${toBase64Url(packed)}`
  return link.length > maxLinkLength ? undefined : link
}

/**
 * Reads a link's fragment. Anybody may have written it.
 *
 * @returns undefined if it isn't one of ours, is damaged, or is too large
 */
export async function readLink(fragment: string): Promise<Shared | undefined> {
  if (!fragment.startsWith(prefix) || fragment.length > maxLinkLength) return undefined
  try {
    const packed = fromBase64Url(fragment.slice(prefix.length))
    const bytes = await readAll(new DecompressionStream('deflate-raw'), packed)
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (!Array.isArray(value) || value.length !== 3) return undefined
    const [text, namespace, settings]: readonly unknown[] = value
    if (typeof text !== 'string' || typeof namespace !== 'string' || typeof settings !== 'string')
      return undefined
    return { text, namespace, settings }
  } catch {
    return undefined
  }
}

/** @returns undefined if there is more than a link may hold */
async function readAll(
  transform: CompressionStream | DecompressionStream,
  input: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const output = new Blob([input]).stream().pipeThrough(transform)
  const reader = output.getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let total = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    chunks.push(next.value)
    total += next.value.length
    if (total <= maxUnpackedBytes) continue
    await reader.cancel()
    return undefined
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer())
}

function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

const fromBase64Url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) =>
    character.charCodeAt(0),
  )
