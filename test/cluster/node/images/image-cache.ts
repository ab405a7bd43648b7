import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface CachedImage {
  /** The folder of the archives. */
  readonly cache: string
  readonly name: string
  /** The inputs of the image. If any of them changes, the image is built again. */
  readonly madeOf: readonly (string | Buffer)[]
  /** Writes the archive. */
  readonly build: (archive: string) => void
}

/** Returns the archive of an image, and builds it if necessary. The archive gets its name when it is complete. */
export function cachedImage({ cache, name, madeOf, build }: CachedImage): string {
  const hash = createHash('sha256')
  for (const part of madeOf) hash.update(createHash('sha256').update(part).digest())
  const archive = join(cache, `${name}-${hash.digest('hex').slice(0, 16)}.tar`)
  if (existsSync(archive)) return archive
  mkdirSync(cache, { recursive: true })
  const unfinished = join(cache, `.${name}-${process.pid}.tar`)
  try {
    build(unfinished)
    renameSync(unfinished, archive)
    removeOld(cache, name)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return archive
}

/** Removes older archives, also incomplete ones. Another run may be using those of the last hour. */
function removeOld(cache: string, name: string): void {
  const old = readdirSync(cache)
    .filter((file) => file.replace(/^\./, '').startsWith(`${name}-`))
    .map((file) => join(cache, file))
    .filter((file) => statSync(file).mtimeMs < Date.now() - 3_600_000)
  for (const file of old) rmSync(file, { force: true })
}
