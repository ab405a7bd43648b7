import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
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

/** The archive of an image, built unless it is there. It takes its name only when it is whole. */
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
    forgetOld(cache, name)
  } finally {
    rmSync(unfinished, { force: true })
  }
  return archive
}

/** Unfinished ones, too. Those of the last hour may be what another run is about to take. */
function forgetOld(cache: string, name: string): void {
  const old = readdirSync(cache)
    .filter((file) => file.replace(/^\./, '').startsWith(`${name}-`))
    .map((file) => join(cache, file))
    .filter((file) => statSync(file).mtimeMs < Date.now() - 3_600_000)
  for (const file of old) rmSync(file, { force: true })
}
