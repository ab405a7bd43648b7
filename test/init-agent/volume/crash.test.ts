import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { FileSet } from '../../../delivery/projection/file-set.ts'
import { openVolumes } from '../../../init-agent/volume/volumes.ts'
import { killAtEveryCall } from '../../support/kill/kill-at-every-call.ts'
import { runWithFiles } from '../../support/kill/run-with-files.ts'
import { agentConfig, secretFile, secretVariable } from '../harness/pod.ts'
import { cannotMount, makeTmpfs } from '../harness/tmpfs.ts'
import { delivered, list, set, write } from '../harness/volume.ts'

/** What a reader finds by the names in a volume, as text. */
function seenIn(volume: string): string {
  const paths = readdirSync(volume)
    .filter((name) => !name.startsWith('..') && existsSync(join(volume, name)))
    .flatMap((name) => pathsIn(volume, name))
  return shown(
    new Map(
      paths.map((path) => {
        const bytes = readFileSync(join(volume, path))
        return [path, { bytes, mode: statSync(join(volume, path)).mode & 0o7777 }]
      }),
    ),
  )
}

const pathsIn = (volume: string, path: string): readonly string[] =>
  statSync(join(volume, path)).isDirectory()
    ? readdirSync(join(volume, path)).flatMap((name) => pathsIn(volume, join(path, name)))
    : [path]

const shown = (files: FileSet): string =>
  [...files]
    .map(([path, { bytes, mode }]) => `${path} ${mode.toString(8)} ${bytes}`)
    .sort()
    .join()

const topNames = (files: FileSet): readonly string[] => [
  ...new Set([...files.keys()].map((path) => path.split('/')[0] ?? '')),
]

/** What a volume with this set holds, and nothing else. */
const listed = (files: FileSet): readonly string[] => [
  '<set>',
  '..data -> <set>',
  ...topNames(files)
    .map((name) => `${name} -> ..data/${name}`)
    .sort(),
]

const root = cannotMount() === false ? makeTmpfs(t, 'size=16m') : t.testdir({})

const value = (generation: number) => `${generation}`.repeat(10)

const switches: Readonly<Record<string, readonly [FileSet, FileSet]>> = {
  'the first set': [new Map(), set({ a: value(1), 'b/c': value(1) })],
  'new values': [set({ a: value(1), 'b/c': value(1) }), set({ a: value(2), 'b/c': value(2) })],
  'names that come and go': [
    set({ a: value(1), old: value(1), 'b/old': value(1) }),
    set({ a: value(2), new: value(2), 'b/new': value(2) }),
  ],
  'a file that turns into a folder': [set({ a: value(1) }), set({ 'a/b/c': value(2) })],
  'other modes': [set({ a: value(1) }), set({ a: value(1) }, 0o440)],
}

for (const [what, [old, wanted]] of Object.entries(switches))
  t.test(
    `killed at any file call, the writer of ${what} leaves the old set or the new one whole, never a mix, and the next run removes what is left over`,
    async (t) => {
      // The next run may find that the vault has the old values again.
      for (const next of [wanted, old]) {
        const found = new Set<string>()
        const left = new Set<string>()
        const calls = await killAtEveryCall(async (kill) => {
          const volume = mkdtempSync(join(root, 'volume-'))
          if (old.size > 0) write(volume, old)
          await runWithFiles(kill, () => write(volume, wanted))
          found.add(seenIn(volume))
          write(volume, next)
          // The previous set may still be read, until the run after that.
          write(volume, next)
          left.add([...list(volume), seenIn(volume)].join())
        })
        t.strictSame(found, new Set([shown(old), shown(wanted)]))
        t.strictSame(left, new Set([[...listed(next), shown(next)].join()]))
        t.ok(calls > 30, `killed at ${calls} calls`)
      }
    },
  )

t.test(
  'killed at any file call, a refresh has switched whole volumes in their order, and the next run brings them all up to date',
  async (t) => {
    const config = agentConfig({ files: [secretFile('a')], env: [secretVariable('A', 'a')] })
    const content = (text: string) => ({
      files: delivered({ a: text }),
      env: new Map([['A', Buffer.from(text)]]),
    })
    const found = new Set<string>()
    const left = new Set<string>()
    const calls = await killAtEveryCall(async (kill) => {
      const pod = mkdtempSync(join(root, 'pod-'))
      const folders = ['env', 'files'].map((name) => join(pod, name))
      for (const folder of folders) mkdirSync(folder)
      const refresh = (text: string) => {
        const volumes = openVolumes(pod, config)
        volumes.sweep()
        volumes.write(content(text))
      }
      refresh('1')
      refresh('2')
      await runWithFiles(kill, () => refresh('3'))
      found.add(folders.map(seenIn).join())
      refresh('4')
      openVolumes(pod, config).sweep()
      left.add(folders.flatMap((folder) => [...list(folder), seenIn(folder)]).join())
    })
    const seen = (env: string, file: string) => `env 400 A='${env}'\n,a 444 ${file}`
    t.strictSame(found, new Set([seen('2', '2'), seen('3', '2'), seen('3', '3')]))
    const [env, files] = ['env', 'a'].map((name) => listed(set({ [name]: '' })))
    t.strictSame(left, new Set([[env, "env 400 A='4'\n", files, 'a 444 4'].join()]))
    t.ok(calls > 60, `killed at ${calls} calls`)
  },
)
