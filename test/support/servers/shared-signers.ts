import { createSigner, type Signer } from '../../../emulator/entra/signer.ts'

/**
 * Returns the same two keys for all emulators of a process, because it takes longer to generate RSA keys than to start
 * the rest of an emulator. Not for a test in which one emulator must refuse the tokens of another.
 */
export function sharedSigners(): Promise<readonly [entra: Signer, issuer: Signer]> {
  signers ??= Promise.all([createSigner(), createSigner()])
  return signers
}
let signers: Promise<readonly [entra: Signer, issuer: Signer]> | undefined
