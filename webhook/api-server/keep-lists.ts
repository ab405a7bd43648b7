import type { ClassFiles, ReadClassFiles } from '../../requests/class/read-class-files.ts'
import { readClassFiles } from '../../requests/class/read-class-files.ts'

interface KeptList {
  readonly files: ClassFiles
  readonly bytes: number
}

/**
 * Reads object lists, and keeps what it has read by their text: parsing YAML is most of the work of a review, and all pods of
 * a Deployment have the same lists. Those that haven't been asked for longest are forgotten first.
 */
export function keepLists(maxBytes: number = defaultMaxBytes): ReadClassFiles {
  const kept = new Map<string, KeptList>()
  let keptBytes = 0

  function forget(key: string): void {
    keptBytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }

  return (list) => {
    const key = `${list.vault ?? ''} ${list.objects ?? ''}`
    const found = kept.get(key)
    const files = found?.files ?? readClassFiles(list)
    const bytes = found?.bytes ?? parsedBytes(key, files)
    forget(key)
    // A single list must not replace all others.
    if (bytes > maxBytes / 16) return files
    kept.set(key, { files, bytes })
    keptBytes += bytes
    for (const oldest of kept.keys()) {
      if (keptBytes <= maxBytes) break
      forget(oldest)
    }
    return files
  }
}

/** What a list takes in memory, about. Its strings are parts of the text. */
const parsedBytes = (text: string, { files, problems, warnings }: ClassFiles): number =>
  entryBytes +
  2 * text.length +
  files.length * fileBytes +
  [...problems, ...warnings].reduce(
    (sum, { sentence }) => sum + problemBytes + 2 * sentence.length,
    0,
  )

const entryBytes = 256
const fileBytes = 512
const problemBytes = 128
const defaultMaxBytes = 4 * 1024 * 1024
