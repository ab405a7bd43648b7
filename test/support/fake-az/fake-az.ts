import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { shellQuote } from '../../../command/grants/shell-quote.ts'
import { readRecordedArguments } from '../../docs/aks/azure-arguments.ts'
import { type AzureState, emptyAzure, type FakeFailure, type FakeIdentity } from './azure-state.ts'
import { type FakeCall, runFakeAz } from './run-fake-az.ts'

export interface FakeAz {
  /** The folder of the program, for PATH. */
  readonly path: string
  /** The federated credentials that were created with it. */
  created(): readonly FakeCall['values'][]
  /** The roles that were assigned with it. */
  assigned(): readonly FakeCall['values'][]
  /** The access policies that were set with it. */
  policies(): readonly FakeCall['values'][]
  /** Every command that it accepted. */
  commands(): readonly string[]
  /** Changes what Azure has. */
  change(change: (state: AzureState) => void): void
}

/**
 * Writes a program `az` into a folder. It knows the arguments of the Azure CLI's commands that we print and run, and answers in
 * the form that version 2.91.0 printed when it was run against answers in the form of Azure's REST documentation. What one
 * command creates, the next one finds. It refuses everything else, as the real one does. This process gives its answers, because
 * it would take ten times as long to start Node for each. So wait for what runs it: {@link runScript}.
 */
export async function startFakeAz(
  folder: string,
  identities: readonly FakeIdentity[],
): Promise<FakeAz> {
  const path = join(folder, 'az-path')
  mkdirSync(path)
  const state = emptyAzure(identities)
  const calls: FakeCall[] = []
  const { commands } = readRecordedArguments()
  let started = 0
  const server = createServer((socket) =>
    answerWith(socket, (args) =>
      writeEnd(join(folder, `az-${started++}`), runFakeAz(args, { state, calls, commands })),
    ),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  server.unref()
  const { port } = server.address() as AddressInfo
  writeFileSync(join(path, 'az'), programAt(port), { mode: 0o755 })
  const ran = (command: string) => () =>
    calls.filter((call) => call.command === command).map(({ values }) => values)
  return {
    path,
    created: ran('identity federated-credential create'),
    assigned: ran('role assignment create'),
    policies: ran('keyvault set-policy'),
    commands: () => calls.map(({ command }) => command),
    change: (change) => change(state),
  }
}

/** Runs a script in a shell, as somebody would who pastes it, and gives what it printed. */
export async function runScript(
  script: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const running = promisify(execFile)('/bin/sh', ['-eu'], { env })
  running.child.stdin?.end(script)
  return await running
}

/** Sends its arguments, and runs the line that comes back. */
const programAt = (port: number): string => `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/${port}
printf '%s\\0' $# "$@" >&3
read -r -u 3 line
eval "$line"
`

function answerWith(socket: Socket, answer: (args: readonly string[]) => string): void {
  let sent = ''
  socket.setEncoding('utf8').on('data', (text) => {
    sent += text
    const [count, ...args] = sent.split('\0').slice(0, -1)
    if (args.length === Number(count)) socket.end(`${answer(args)}\n`)
  })
}

/** Writes what the program prints into files, and gives the line that prints them. */
function writeEnd(
  prefix: string,
  { code = 0, stderr = '', stdout = '', times = 1, hangs }: FakeFailure,
): string {
  const print = (name: string, text: string, count: number): readonly string[] => {
    if (text === '') return []
    const file = openSync(`${prefix}.${name}`, 'w')
    for (let i = 0; i < count; i++) writeFileSync(file, text)
    closeSync(file)
    return [`/bin/cat ${shellQuote(`${prefix}.${name}`)}`]
  }
  const wait = `echo $$ >${shellQuote(hangs ?? '')}; exec sleep 600`
  return [
    ...print('err', stderr, 1).map((command) => `${command} >&2`),
    ...print('out', stdout, times),
    ...(hangs === undefined ? [] : [`/bin/sh -c ${shellQuote(wait)}`]),
    `exit ${code}`,
  ].join('; ')
}
