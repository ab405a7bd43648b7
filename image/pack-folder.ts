import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { gzipSync } from 'node:zlib'

/**
 * Writes a tar archive whose bytes depend only on the names and the contents of the files, and on whether they are executable.
 * Needs GNU tar.
 *
 * @param options.folder - what to pack
 * @param options.as - `folder` puts the folder itself into the archive, `content` only what is in it
 * @param options.archive - the file to write; compressed if its name ends with `.tgz`
 */
export function packFolder(options: {
  readonly folder: string
  readonly as: 'folder' | 'content'
  readonly archive: string
}): void {
  const { folder, as, archive } = options
  // Names, because oras doesn't find `./oci-layout`, which `.` would give.
  const [parent, names] =
    as === 'folder' ? [dirname(folder), [basename(folder)]] : [folder, readdirSync(folder).sort()]
  const tar = execFileSync(
    'tar',
    [
      ...['--create', '--format=ustar', '--sort=name', '--mtime=@0', '--mode=u=rwX,go=rX'],
      ...['--owner=0', '--group=0', '--numeric-owner', '--directory', parent, ...names],
    ],
    { maxBuffer: maxBytes },
  )
  writeFileSync(archive, archive.endsWith('.tgz') ? gzipSync(tar, { level: 9 }) : tar)
}

/** Images of two platforms take less than a tenth of it. */
const maxBytes = 1024 ** 3
