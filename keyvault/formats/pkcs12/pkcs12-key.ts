import { hash } from 'node:crypto'
import type { CpuBudget } from '../../../lib/cpu-budget.ts'

interface Pkcs12KeyOptions {
  readonly digest: Pkcs12Digest
  /** Absent if there is no password. That differs from an empty one, which is two zero bytes (RFC 7292, B.1). */
  readonly password?: string | undefined
  readonly salt: Uint8Array
  readonly iterations: number
  /** RFC 7292, B.3: 1 for a key, 2 for an initialization vector, 3 for a MAC. */
  readonly purpose: 1 | 2 | 3
  readonly byteLength: number
  /** The caller has charged it. Here it only lets the rest of the process run in between. */
  readonly budget: Pick<CpuBudget, 'yieldNow'>
}

/** About a fifth of a millisecond. */
const digestsAtATime = 200

/** The sizes of a digest's output and of its input block, in bytes. */
export const pkcs12Digests = {
  sha1: { outputBytes: 20, blockBytes: 64 },
  sha256: { outputBytes: 32, blockBytes: 64 },
  sha384: { outputBytes: 48, blockBytes: 128 },
  sha512: { outputBytes: 64, blockBytes: 128 },
} as const
export type Pkcs12Digest = keyof typeof pkcs12Digests

/**
 * Derives key bytes from a password with PKCS#12's own method (RFC 7292, appendix B.2). Variables have the RFC's names.
 */
export async function derivePkcs12Key(options: Pkcs12KeyOptions): Promise<Uint8Array> {
  const { digest, password, salt, iterations, purpose, byteLength, budget } = options
  const { blockBytes: v } = pkcs12Digests[digest]
  const D = Buffer.alloc(v, purpose)
  const I = Buffer.concat([fillBlocks(salt, v), fillBlocks(bmpString(password), v)])
  const pieces: Buffer[] = []
  for (let length = 0; length < byteLength; ) {
    let A = hash(digest, Buffer.concat([D, I]), 'buffer')
    for (let i = 1; i < iterations; i++) {
      if (i % digestsAtATime === 0) await budget.yieldNow()
      A = hash(digest, A, 'buffer')
    }
    pieces.push(A)
    length += A.length
    const B = fillBlocks(A, v)
    for (let block = 0; block < I.length; block += v) addOneMore(I.subarray(block, block + v), B)
  }
  return Buffer.concat(pieces).subarray(0, byteLength)
}

/** Repeats the bytes to fill a whole number of blocks. Empty input stays empty. */
function fillBlocks(bytes: Uint8Array, blockBytes: number): Buffer {
  const length = Math.ceil(bytes.length / blockBytes) * blockBytes
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes)
}

/** `block = (block + B + 1) mod 2^(8v)`, both big-endian. */
function addOneMore(block: Buffer, B: Uint8Array): void {
  let carry = 1
  for (let i = block.length - 1; i >= 0; i--) {
    carry += (block[i] ?? 0) + (B[i] ?? 0)
    block[i] = carry & 0xff
    carry >>= 8
  }
}

function bmpString(password: string | undefined): Uint8Array {
  return password === undefined ? Buffer.alloc(0) : Buffer.from(`${password}\0`, 'utf16le').swap16()
}
