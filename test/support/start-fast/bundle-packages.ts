/**
 * Bundles the packages that tests import, before the whole suite runs (`npm test`). Each test file starts a process of its
 * own, and one file loads in a quarter of the time that a package's hundreds of files take. Without bundles, tests load
 * the packages themselves.
 */

import 'reflect-metadata'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { build } from 'esbuild'
import { lazyBuiltins, requireBanner } from '../../../image/lazy-builtins.ts'
import { bundleOf, marker, packages, root } from './bundles.ts'

// Otherwise tap takes this for a test, and ends it if loading the packages takes more than half a minute.
process.env['TAP_TIMEOUT'] = '0'

rmSync(marker, { force: true })
for (const group of packages) {
  const entryPoints = await Promise.all(group.map(writeEntry))
  await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(entryPoints),
    outdir: dirname(bundleOf(group[0])),
    bundle: true,
    // Packages of one group that depend on the same package share it, as they do in node_modules.
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Half the size is half the time to read it.
    minifyWhitespace: true,
    legalComments: 'none',
    plugins: [lazyBuiltins],
    banner: requireBanner,
    logLevel: 'warning',
  })
}
writeFileSync(marker, '{"type":"module"}\n')

/** An entry with the exports that Node finds in the package. For CommonJS, these are known only after it was loaded. */
async function writeEntry(name: string): Promise<[string, string]> {
  const exported = Object.keys(await import(name)).filter((key) => key !== 'module.exports')
  const file = bundleOf(name).replace(/\.js$/, '.entry.mjs')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `export { ${exported.join(', ')} } from '${name}'\n`)
  const entry = file.slice(dirname(bundleOf(name)).length + 1)
  return [entry.replace(/\.entry\.mjs$/, ''), file]
}
