/**
 * Loaded before everything else in each process that runs a test file (`.taprc`), so that the suite takes less time, and no
 * test hangs for long. If coverage is wanted, it leaves tap alone.
 */

import asyncHooks, { type AsyncHook } from 'node:async_hooks'
import {
  enableCompileCache,
  registerHooks,
  setSourceMapsSupport,
  syncBuiltinESMExports,
} from 'node:module'
import { join } from 'node:path'
import { endHangs } from './end-hangs.ts'
import { useBundles } from './use-bundles.ts'

endHangs()

if (process.env['_TAPJS_PROCESSINFO_COVERAGE_'] === '0') {
  // What one process has compiled, the next takes from this folder, and so do the programs that tests start.
  const cache = join(import.meta.dirname, '../../../.tap/compile-cache')
  enableCompileCache(cache)
  process.env['NODE_COMPILE_CACHE'] = cache

  // Node strips types without moving anything, so stacks are right without source maps.
  setSourceMapsSupport(false)

  useBundles()

  // tap follows every promise and callback, to know which test an uncaught exception belongs to. Without that, such an
  // exception still fails the file, and Node prints its stack.
  const hook: AsyncHook = { enable: () => hook, disable: () => hook }
  Object.assign(asyncHooks, { createHook: () => hook })
  syncBuiltinESMExports()

  // For its coverage, tap reads the source map of each module and loads itself into each program that a test starts. The module
  // that does so is internal to tap: a version that names it otherwise is only slower.
  const empty = { url: 'data:text/javascript,', format: 'module', shortCircuit: true }
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier.endsWith('/@tapjs/processinfo/dist/esm/import.mjs')
        ? empty
        : nextResolve(specifier, context),
  })
  delete process.env['NODE_OPTIONS']
}
