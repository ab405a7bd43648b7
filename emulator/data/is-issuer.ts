/**
 * Whether the text is the URL of an issuer. Entra accepts https only. The emulator also accepts http on 127.0.0.1, so
 * that a test can serve an issuer's keys.
 */
export function isIssuer(text: string): boolean {
  if (!/^https?:\/\/\S+$/.test(text)) return false
  const url = URL.parse(text)
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && url.hostname === '127.0.0.1')
}
