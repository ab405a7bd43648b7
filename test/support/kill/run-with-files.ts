import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { countedMethods, type Kill } from './kill-at-every-call.ts'

/** Not imported by name: these stay as they are. */
const { lstatSync, readdirSync, rmSync, writeFileSync, writeSync } = fs

/** The kernel closes the files of a process that is killed. */
const names = Object.keys(fs).filter((name) => name.endsWith('Sync') && name !== 'closeSync')

const pick = (methods: object) =>
  Object.fromEntries(names.map((name) => [name, Reflect.get(methods, name)]))

/** Runs a process whose synchronous calls of `node:fs` count, until it ends or is killed. */
export async function runWithFiles(kill: Kill, work: () => unknown): Promise<void> {
  const originals = pick(fs)
  replaceFiles({ ...pick(countedMethods(fs, kill)), ...halved(kill) })
  try {
    await kill.run(work)
  } finally {
    replaceFiles(originals)
  }
}

/** Modules that import a function by its name get the new one, too. */
function replaceFiles(methods: object): void {
  Object.assign(fs, methods)
  syncBuiltinESMExports()
}

/** The calls that take more than one step. */
const halved = ({ counted }: Kill) => ({
  writeFileSync: counted(writeFileSync, (file, data) => {
    if (typeof file === 'number' && data instanceof Uint8Array)
      writeSync(file, data.subarray(0, data.length / 2))
  }),
  writeSync: counted(writeSync, (file, text, position) => {
    writeSync(file, text.slice(0, text.length / 2), position)
  }),
  rmSync: counted(rmSync, (path) => {
    const isFolder = lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true
    const [first] = isFolder ? readdirSync(path) : []
    if (first !== undefined) rmSync(join(String(path), first), { recursive: true })
  }),
})
