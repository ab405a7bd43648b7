import { execFileSync } from 'node:child_process'

/** What openssl says, given that on its standard input. */
export const openssl = (args: readonly string[], input: string | Uint8Array = ''): string =>
  opensslBytes(args, input).toString()

export const opensslBytes = (args: readonly string[], input: string | Uint8Array = ''): Buffer =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] })

/** The blocks of that label in a text of PEM. */
export const blocksOf = (label: string, pem: string): readonly string[] =>
  pem.match(new RegExp(`-----BEGIN ${label}-----[^-]*-----END ${label}-----\n`, 'g')) ?? []
