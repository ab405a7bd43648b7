import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { program, startsFast } from '../../../support/start-fast/bundles.ts'

export const mebibyte = 2 ** 20

/** About so many characters, from pieces that differ. */
export function fill(length: number, piece: (index: number) => string): string {
  const pieces: string[] = []
  let written = 0
  for (let index = 0; written < length; index++) {
    const next = piece(index)
    pieces.push(next)
    written += next.length
  }
  return pieces.join('')
}

export const pod = (name: string) =>
  `{kind: Pod, metadata: {name: ${name}, annotations: {akv-injector.io/secrets: v/s}}, spec: {containers: []}}`

/** Runs `check` in a process of its own and says what it took. */
export function commandLine(folder: string) {
  const [file, used, preload] = ['in.yaml', 'used.json', 'preload.mjs'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  writeFileSync(
    preload,
    `import { writeFileSync } from 'node:fs'
    process.on('exit', () => writeFileSync(${JSON.stringify(used)}, JSON.stringify(process.resourceUsage())))`,
  )
  return {
    check(text: string) {
      writeFileSync(file, text)
      const { status, stderr } = spawnSync(
        process.execPath,
        [`--import=${preload}`, ...startsFast, program, 'check', file],
        { encoding: 'utf8', maxBuffer: 2 ** 30, env: { ...process.env, NODE_OPTIONS: '' } },
      )
      const { maxRSS, userCPUTime, systemCPUTime } = JSON.parse(readFileSync(used, 'utf8'))
      const cpuMs = Math.round((userCPUTime + systemCPUTime) / 1000)
      return { kibibytes: Number(maxRSS), cpuMs, exitCode: status, stderr }
    },
  }
}
