import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { bundle } from '../../../image/bundle.ts'
import { programs, root } from './bundles.ts'

/**
 * Makes a folder with the bundle that the image has, for a test that writes to it or needs it whatever it runs as: a copy of
 * what `npm test` has bundled, or a new one without that.
 */
export async function copyBundle(folder: string): Promise<void> {
  if (programs === undefined) await bundle(folder)
  else cpSync(join(root, programs), folder, { recursive: true })
}
