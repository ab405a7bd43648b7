import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

export interface CachedImage {
  /** The folder of the archives. */
  readonly cache: string
  readonly name: string
  /** All that it is made of: another archive is built when any of it changes. */
  readonly madeOf: readonly (string | Buffer)[]
  /** Writes the archive. */
  readonly build: (archive: string) => void
}

/** The archive of an image, built unless it is there. It takes its name only when it is whole; older ones go. */
export function cachedImage({ cache, name, madeOf, build }: CachedImage): string {
  const hash = createHash('sha256')
  for (const part of madeOf) hash.update(createHash('sha256').update(part).digest())
  const archive = join(cache, `${name}-${hash.digest('hex').slice(0, 16)}.tar`)
  if (existsSync(archive)) return archive
  mkdirSync(cache, { recursive: true })
  const unfinished = join(cache, `.${name}-${process.pid}.tar`)
  try {
    build(unfinished)
    for (const old of readdirSync(cache).filter((file) => file.startsWith(`${name}-`)))
      rmSync(join(cache, old))
    renameSync(unfinished, archive)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return archive
}
