import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import t from 'tap'

/** All sources that are there as soon as a chunk is, whatever it may load later. */
function loadedWith({ outputs }: Metafile, chunk: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    for (const { kind, path: next, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && external !== true) visit(next)
  }
  visit(chunk)
  return new Set([...seen].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {})))
}

t.test('a pod with secrets only loads no code for other types or metrics', async (t) => {
  const { metafile } = await build({
    entryPoints: ['init-agent/agent.ts'],
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    outdir: 'never-written',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  })
  const all = Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs))
  const loaded = loadedWith(metafile, 'never-written/agent.js')
  const isLoaded = (part: string) => [...loaded].some((path) => path.includes(part))
  t.ok(isLoaded('keyvault/readers/object-reader.ts'))
  for (const part of [
    '@azure/keyvault-keys/',
    '@azure/keyvault-certificates/',
    'node-forge/',
    'formats/pkcs12/pfx.ts',
    'formats/pem.ts',
    'formats/property.ts',
    'formats/public-key.ts',
    'lib/server/serve-health.ts',
  ]) {
    t.ok(
      all.some((path) => path.includes(part)),
      `${part} is in the bundle`,
    )
    t.notOk(isLoaded(part), part)
  }
})
