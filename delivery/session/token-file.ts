import { readFileSync } from 'node:fs'
import { AkvError } from '../../lib/errors/akv-error.ts'

/**
 * Reads the pod's service account token. Don't keep it: the kubelet replaces the file after 80 % of the token's lifetime.
 *
 * @throws AkvError AKV_TOKEN_FILE
 */
export function readTokenFile(path: string): string {
  try {
    const token = readFileSync(path, 'utf8').trim()
    if (token !== '') return token
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unknown'
    throw new AkvError('AKV_TOKEN_FILE', `the token file ${path} can't be read (${code})`)
  }
  throw new AkvError('AKV_TOKEN_FILE', `the token file ${path} is empty`)
}
