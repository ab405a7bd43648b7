import { execFileSync } from 'node:child_process'
import { readFileSync, unwatchFile, watch, watchFile } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { shellQuote } from '../../command/grants/shell-quote.ts'
import { prepareFileSet } from '../../init-agent/volume/write-file-set.ts'

/** Tries what docs/applications.md says of watching files in Node.js. */

/** Writes a set of one file, as the agent does when it refreshes. */
function write(volume: string, text: string): void {
  const files = new Map([['password', { bytes: Buffer.from(text), mode: 0o444 }]])
  prepareFileSet(volume, files).commit()
}

function volumeOf(t: Test) {
  const volume = t.testdir()
  write(volume, 'old')
  return { volume, path: join(volume, 'password') }
}

/** Writes new values until the watcher has read one of them. */
async function untilSeen(volume: string, seen: () => string | undefined): Promise<string> {
  for (let i = 0; i < 1_000; i++) {
    write(volume, `new ${i}`)
    await delay(50)
    const last = seen()
    if (last?.startsWith('new')) return last
  }
  throw new Error('the watcher saw no change')
}

t.test('fs.watch on the directory sees each change', async (t) => {
  const { volume, path } = volumeOf(t)
  let seen: string | undefined
  const watcher = watch(volume, () => {
    seen = readFileSync(path, 'utf8')
  })
  t.match(await untilSeen(volume, () => seen), 'new')
  seen = undefined
  t.match(await untilSeen(volume, () => seen), 'new', 'also the second one')
  // Before the folder goes, which it would see, too.
  watcher.close()
})

t.test('fs.watchFile on the file follows the links', async (t) => {
  const { volume, path } = volumeOf(t)
  let seen: string | undefined
  watchFile(path, { interval: 20 }, () => {
    seen = readFileSync(path, 'utf8')
  })
  t.match(await untilSeen(volume, () => seen), 'new')
  unwatchFile(path)
})

t.test('the shell’s way to read two files of one set', async (t) => {
  const { volume } = volumeOf(t)
  const page = readFileSync(join(import.meta.dirname, '../../docs/applications.md'), 'utf8')
  const [, script = ''] = /```sh\n(set="[^`]*)```/.exec(page) ?? []
  const adapted = script
    .replaceAll('/mnt/secrets-store', shellQuote(volume))
    .replace('"$set/tls.crt" "$set/tls.key"', '"$set/password"')
  t.equal(execFileSync('sh', ['-eu', '-c', adapted], { encoding: 'utf8' }), 'old')
})
