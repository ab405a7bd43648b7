import { join } from 'node:path'
import { type BuildOptions, build, type Metafile } from 'esbuild'
import { standIns } from './stand-ins.ts'

const root = join(import.meta.dirname, '../..')

interface Script {
  readonly text: string
  /** Lists the inputs. */
  readonly metafile: Metafile
}

/** Bundles the commands as the script of a worker. */
export const bundleWorker = (): Promise<Script> =>
  bundleScript('web/core/worker.ts', {
    plugins: [standIns],
    inject: ['web/core/node/process.ts', 'web/core/node/buffer.ts'],
  })

/** Bundles a script for browsers. The same sources give the same bytes. */
export async function bundleScript(entry: string, options: BuildOptions = {}): Promise<Script> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    target: 'es2024',
    charset: 'utf8',
    logLevel: 'warning',
    ...options,
    write: false,
    metafile: true,
  })
  return { text: outputFiles?.[0]?.text ?? '', metafile }
}
