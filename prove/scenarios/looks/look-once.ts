import { objectAt, objectsAt, scalarText } from '../../../lib/shape.ts'
import { agentName, defaultMountPath } from '../../../webhook/core/model/our-names.ts'
import { leftoversCall } from '../../install/install-resource.ts'
import { namespaceName } from '../../plan/facts.ts'
import { jsonOf } from '../../tools/json-of.ts'
import type { Ran, ToolCall } from '../../tools/tools.ts'
import type { Look, WantedText } from './look.ts'
import { isSeen, type Seen } from './seen.ts'

const kubectl = (...args: readonly string[]): ToolCall => ({
  tool: 'kubectl',
  args: [...args, '--namespace', namespaceName],
})

const getPod = (pod: string): ToolCall =>
  kubectl('get', 'pod', pod, '--request-timeout=30s', '--output=json')

/** The container of the scenarios' pods. */
export const appName = 'app'

const inApp = (pod: string, command: readonly string[]): ToolCall => ({
  tool: 'kubectl',
  args: ['exec', pod, '--namespace', namespaceName, '--container', appName, '--', ...command],
})

/** The call that shows what a look asks about. */
export function callOf(look: Look): ToolCall {
  switch (look.at) {
    case 'file':
      return inApp(look.pod, [look.isBinary ? 'base64' : 'cat', `${defaultMountPath}/${look.path}`])
    case 'variable':
      // The name is one of ours. `printenv` would end the value with a newline.
      return inApp(look.pod, ['sh', '-c', `printf %s "$${look.name}"`])
    case 'agent-code':
      return kubectl('logs', look.pod, '--container', agentName, '--tail=200')
    case 'injection':
    case 'gate':
    case 'app':
      return getPod(look.pod)
    case 'annotation':
      return kubectl('get', look.object, '--request-timeout=30s', '--output=json')
    case 'admission':
      return {
        tool: 'kubectl',
        args: ['create', '--dry-run=server', '--request-timeout=30s', '--output=json'],
        objects: [look.pod],
      }
    case 'secret':
      return kubectl(
        ...['get', 'secret', look.name, '--ignore-not-found'],
        ...['--request-timeout=30s', '--output=json'],
      )
    case 'leftovers':
      return leftoversCall
    case 'exit':
      return look.call
    default:
      return look satisfies never
  }
}

/** What the answer to that call says, in one word. */
export function readAnswer(look: Look, { code, stdout, stderr }: Ran): Seen {
  if (look.at === 'exit') return exitOf(code)
  if (look.at === 'admission' && code !== 0) return whyNotCreated(stderr)
  if (code !== 0) return 'unreachable'
  switch (look.at) {
    case 'file':
    case 'variable':
      return compare(look.wanted, look.at === 'file' && look.isBinary ? stdout.trim() : stdout)
    case 'agent-code':
      return lastCode(stdout)
    case 'injection':
      return injectionOf(stdout)
    case 'admission':
      return injectionOf(stdout, look.agentCpu)
    case 'gate':
      return objectAt(agentOf(stdout), 'lifecycle')['postStart'] === undefined
        ? 'not-gated'
        : 'gated'
    case 'app':
      return isRunning(stdout) ? 'started' : 'not-started'
    case 'annotation': {
      const found = objectAt(jsonOf(stdout), ...look.within, 'annotations')[look.key]
      return scalarText(found).includes(look.text) && found !== undefined ? 'present' : 'absent'
    }
    case 'leftovers':
      return stdout.trim() === '' ? 'absent' : 'present'
    case 'secret':
      return compareSecret(look, stdout)
    default:
      return look satisfies never
  }
}

/**
 * What an error of the API server says about our webhook: `refused` if it denied the object, `unanswered` if the API server couldn't
 * call it. Any other error, such as that of an API server that can't be reached, is `not-applied`.
 */
export function whyNotCreated(stderr: string): Seen {
  if (stderr.includes('admission webhook "pods.akv-injector.io" denied the request'))
    return 'refused'
  if (stderr.includes('failed calling webhook "pods.akv-injector.io"')) return 'unanswered'
  return 'not-applied'
}

function exitOf(code: number | undefined): Seen {
  const word = `exit-${code}`
  return isSeen(word) ? word : 'no-exit'
}

function compare(wanted: WantedText, found: string): Seen {
  const isRight = 'equals' in wanted ? found === wanted.equals : found.startsWith(wanted.begins)
  return isRight ? 'delivered' : 'differs'
}

/**
 * The last code in the log. A failed start has it in its line, and a failed refresh with each of its objects. A log quotes others, so
 * whole lines are parsed.
 */
function lastCode(log: string): Seen {
  const codes = log.split('\n').flatMap((text) => {
    const line = jsonOf(text)
    const all = [objectAt(line)['code'], ...objectsAt(line, 'objects').map(({ code }) => code)]
    return all.filter(isSeen)
  })
  return codes.at(-1) ?? 'no-code'
}

const agentOf = (pod: string) =>
  objectsAt(jsonOf(pod), 'spec', 'initContainers').find(({ name }) => name === agentName)

/** @param agentCpu - what the agent has to request. Default: anything */
function injectionOf(pod: string, agentCpu?: string): Seen {
  const agent = agentOf(pod)
  if (agent === undefined) return 'not-injected'
  const { cpu } = objectAt(agent, 'resources', 'requests')
  return agentCpu === undefined || cpu === agentCpu ? 'injected' : 'differs'
}

const isRunning = (pod: string): boolean =>
  objectsAt(jsonOf(pod), 'status', 'containerStatuses').some(
    ({ name, state }) => name === appName && objectAt(state)['running'] !== undefined,
  )

function compareSecret(
  { key, wanted }: { readonly key: string; readonly wanted: WantedText },
  stdout: string,
): Seen {
  if (stdout.trim() === '') return 'absent'
  const encoded = objectAt(jsonOf(stdout), 'data')[key]
  if (encoded === undefined) return 'absent'
  return compare(wanted, Buffer.from(scalarText(encoded), 'base64').toString())
}
