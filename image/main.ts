import { parseArgs } from 'node:util'
import { reasonOf } from '../lib/reason-of.ts'
import packageJson from '../package.json' with { type: 'json' }
import { buildImage } from './build-image.ts'
import { buildImageArchive } from './build-image-archive.ts'
import { buildInRegistry } from './build-in-registry.ts'
import { placeholderRepository } from './placeholder-repository.ts'

/** What `npm run image` runs. Prints the digest of the image if it writes an archive. */
async function main(): Promise<void> {
  const { acr, archive, compression, ...options } = readOptions()
  if (acr !== undefined) await buildInRegistry({ ...options, acr })
  else if (archive === undefined) await buildImage(options)
  else console.log(await buildImageArchive({ ...options, archive, compression }))
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      tag: { type: 'string' },
      acr: { type: 'string' },
      platform: { type: 'string' },
      base: { type: 'string' },
      archive: { type: 'string' },
      compression: { type: 'string' },
    },
  })
  const { compression = 'gzip', archive, acr } = values
  const repository = acr === undefined ? placeholderRepository : 'akv-injector'
  const { tag = `${repository}:${packageJson.version}` } = values
  if (acr !== undefined && archive !== undefined)
    throw new Error('--archive can’t be used with --acr: the registry keeps the image')
  if (compression !== 'gzip' && compression !== 'zstd')
    throw new Error(`--compression is "${compression}", but must be gzip or zstd`)
  if (compression === 'zstd' && archive === undefined)
    throw new Error(
      '--compression zstd compresses the layers of an archive: name one with --archive FILE. The engines keep layers uncompressed',
    )
  return { ...values, tag, compression } as const
}

try {
  await main()
} catch (error) {
  console.error(`npm run image: ${reasonOf(error)}`)
  process.exitCode = 1
}
