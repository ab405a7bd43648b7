/**
 * Bundles the programs that tests start, as the image has them, before the whole suite runs (`npm test`). Each start then
 * loads a few files instead of hundreds.
 */

import { build } from 'esbuild'
import { bundle } from '../../../image/bundle.ts'
import { lazyBuiltins, requireBanner } from '../../../image/lazy-builtins.ts'
import { leftOutPackages } from '../../../image/left-out-packages.ts'
import { root } from './bundles.ts'

// repository/input/example.ts finds manifests/examples two folders up from its chunk.
const outdir = '.programs'
await bundle(outdir)
await build({
  absWorkingDir: root,
  entryPoints: ['test/init-agent/harness/agent-process.ts'],
  outdir,
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunks/[name]-[hash]',
  plugins: [leftOutPackages, lazyBuiltins],
  banner: requireBanner,
  logLevel: 'warning',
})
