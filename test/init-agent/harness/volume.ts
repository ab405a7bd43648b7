/** A volume as a test sees it. */

import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { FileSet } from '../../../delivery/projection/file-set.ts'
import type { Content } from '../../../delivery/projection/project-content.ts'
import { prepareFileSet } from '../../../init-agent/volume/write-file-set.ts'

export const set = (files: Record<string, string | Uint8Array>, mode = 0o444): FileSet =>
  new Map(Object.entries(files).map(([path, text]) => [path, { bytes: Buffer.from(text), mode }]))

/** Files of our own, by their paths, and of served volumes, by `/VOLUME/PATH`. */
export const delivered = (files: Record<string, string | Uint8Array>): Content['files'] =>
  new Map(
    Object.entries(files).map(([key, text]) => {
      const [, volume, path = key] = /^\/(.*?)\/(.*)$/.exec(key) ?? []
      return [key, { bytes: Buffer.from(text), to: { kind: 'file', path, mode: 0o444, volume } }]
    }),
  )

/** @returns whether anything changed */
export function write(volume: string, files: FileSet): boolean {
  const prepared = prepareFileSet(volume, files)
  prepared.commit()
  return prepared.isChange
}

/** Everything in a folder, links with their targets, set folders as `<set>`. */
export function list(volume: string): string[] {
  const name = (name: string) => name.replace(/^\.\.\d{4}.*/, '<set>')
  return readdirSync(volume).map((entry) => {
    const path = join(volume, entry)
    return lstatSync(path).isSymbolicLink()
      ? `${entry} -> ${name(readlinkSync(path))}`
      : name(entry)
  })
}

export const text = (volume: string, path: string) => readFileSync(join(volume, path), 'utf8')
