import { parseArgs } from 'node:util'
import { reasonOf } from '../lib/reason-of.ts'
import packageJson from '../package.json' with { type: 'json' }
import { buildImage } from './build-image.ts'
import { buildImageArchive } from './build-image-archive.ts'
import { placeholderRepository } from './placeholder-repository.ts'

/** What `npm run image` runs. Prints the digest of the image if it writes an archive. */
async function main(): Promise<void> {
  const { archive, compression, ...options } = readOptions()
  if (archive === undefined) await buildImage(options)
  else console.log(await buildImageArchive({ ...options, archive, compression }))
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      tag: { type: 'string', default: `${placeholderRepository}:${packageJson.version}` },
      platform: { type: 'string' },
      base: { type: 'string' },
      archive: { type: 'string' },
      compression: { type: 'string' },
    },
  })
  const { compression = 'gzip', archive } = values
  if (compression !== 'gzip' && compression !== 'zstd')
    throw new Error(`--compression is "${compression}", but must be gzip or zstd`)
  if (compression === 'zstd' && archive === undefined)
    throw new Error(
      '--compression zstd compresses the layers of an archive: name one with --archive FILE. The engines keep layers uncompressed',
    )
  return { ...values, compression } as const
}

try {
  await main()
} catch (error) {
  console.error(`npm run image: ${reasonOf(error)}`)
  process.exitCode = 1
}
