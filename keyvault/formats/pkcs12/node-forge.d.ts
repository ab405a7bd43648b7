/** The two modules of node-forge that we use. The whole package takes ten times as long to load. */

interface ForgeBytes {
  /** One character for each byte. */
  getBytes(): string
}

interface ForgeCipher {
  readonly output: ForgeBytes
  start(iv: string): void
  update(input: ForgeBytes): void
  /** False if the padding is wrong. */
  finish(): boolean
}

declare module 'node-forge/lib/util.js' {
  const util: { createBuffer(binary: string): ForgeBytes }
  export = util
}

declare module 'node-forge/lib/rc2.js' {
  const rc2: { createDecryptionCipher(key: string, effectiveBits: number): ForgeCipher }
  export = rc2
}
