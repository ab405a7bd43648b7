import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { type Imported, importsOf } from '../support/imports-of.ts'
import { type Room, rooms } from './rooms.ts'

const root = join(import.meta.dirname, '../..')

/** The top folders that have sources, as ARCHITECTURE.md lists them. */
export const sourceFolders: readonly string[] = Object.keys(rooms).filter(
  (name) => !name.includes('/'),
)

/** Lists the sources in a folder, by their paths from the root. */
export function sourcesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))
}

/** Reads what each source imports. The keys are paths from the root. */
export function readImports(): ReadonlyMap<string, readonly Imported[]> {
  return new Map(
    sourceFolders
      .flatMap(sourcesIn)
      .map((path) => [path, importsOf(path, readFileSync(join(root, path), 'utf8'))]),
  )
}

/** Says for each import that its room may not have which one it is. Types count: they are knowledge, too. */
export function findLeaks(imports: ReadonlyMap<string, readonly Imported[]>): readonly string[] {
  return [...imports].flatMap(([path, imported]) => {
    const from = roomOf(path)
    return imported
      .filter(({ name }) => !mayImport(from, name))
      .map(({ name }) => `${path} imports ${name}, which test/rooms/rooms.ts doesn’t allow ${from}`)
  })
}

function mayImport(from: string, name: string): boolean {
  if (isBuiltin(name)) return true
  const room: Room | undefined = rooms[from]
  if (room === undefined) return false
  const other = roomOf(name)
  if (other === from || room.rooms.includes(other)) return true
  if (room.parts?.some((part) => name === part || (part.endsWith('/') && name.startsWith(part))))
    return true
  return room.packages?.includes(packageOf(name)) ?? false
}

/** The room with the longest name that the path is in: `webhook/core` before `webhook`. */
function roomOf(path: string): string {
  let folder = path
  while (folder !== '' && rooms[folder] === undefined)
    folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))
  return folder
}

function packageOf(name: string): string {
  return name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')
}
