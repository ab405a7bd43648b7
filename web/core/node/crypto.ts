import { sha256 } from '@noble/hashes/sha2.js'
import { sha3_224 } from '@noble/hashes/sha3.js'
import { bytesToHex } from '@noble/hashes/utils.js'

const algorithms = { sha256, 'sha3-224': sha3_224 }

/** Node's `createHash`, for what the commands hash: one text, in hexadecimal digits. */
export const createHash = (algorithm: keyof typeof algorithms) => ({
  update: (text: string) => ({
    digest: (_encoding: 'hex'): string =>
      bytesToHex(algorithms[algorithm](new TextEncoder().encode(text))),
  }),
})

/** Node's `randomBytes`. */
export const randomBytes = (size: number) => {
  const bytes = crypto.getRandomValues(new Uint8Array(size))
  return { toString: (_encoding: 'hex'): string => bytesToHex(bytes) }
}

/** Node's `randomInt`, without its care for an even spread: the commands only make up names that no file has. */
export const randomInt = (below: number): number =>
  (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) % below
