import { markSelector, ownNamespace } from '../../../prove/install/own-install.ts'
import { mark } from '../../../prove/plan/facts.ts'
import type { Look } from '../../../prove/scenarios/looks/look.ts'
import type { Seen } from '../../../prove/scenarios/looks/seen.ts'
import type {
  ControlAnswer,
  ControlRequest,
  Ran,
  ToolCall,
  Tools,
} from '../../../prove/tools/tools.ts'
import { answerAz } from './answer-az.ts'
import type { AzureWorld } from './azure-world.ts'
import { fakeTerraform } from './make-by-modules.ts'
import { ran } from './ran.ts'

type Presence = 'absent' | 'ours' | 'foreign' | 'unreadable' | 'stuck'
/** The objects in no namespace, as kubectl calls them. */
const types = ['namespace', 'clusterrole', 'clusterrolebinding'] as const

/** A cluster and an emulator that only know whether the things of a plan exist. */
export interface FakeWorld {
  /** The install that a run makes. */
  install: Presence
  namespace: Presence
  clusterrole: Presence
  clusterrolebinding: Presence
  emulated: { readonly identities: readonly string[]; readonly vaults: readonly string[] }
  isEmulatorUp: boolean
}

export const emptyWorld = (): FakeWorld => ({
  install: 'absent',
  namespace: 'absent',
  clusterrole: 'absent',
  clusterrolebinding: 'absent',
  emulated: { identities: ['other'], vaults: ['other'] },
  isEmulatorUp: true,
})

export class Killed extends Error {}

export interface FakeOptions {
  /** Called before each call. It may throw {@link Killed}. */
  readonly before?: () => void
  /** Called after each call, when it has had its effect. */
  readonly after?: () => void
  /** Answers `az`. */
  readonly azure?: AzureWorld
  /** Answers what the world doesn't know. */
  readonly run?: (call: ToolCall) => Ran
}

export function fakeTools(world: FakeWorld, options: FakeOptions = {}): Tools {
  const { before = () => {}, after = () => {} } = options
  const answerTerraform = fakeTerraform()
  return {
    async run(call) {
      before()
      const { azure } = options
      const answer =
        (call.tool === 'az' && azure && answerAz(azure, call)) ||
        (call.tool === 'terraform' && azure && answerTerraform(azure, call)) ||
        answerOf(world, call) ||
        options.run?.(call) ||
        ran()
      after()
      return answer
    },
    async control(request) {
      before()
      const answer = controlAnswer(world, request)
      after()
      return answer
    },
  }
}

function answerOf(world: FakeWorld, call: ToolCall): Ran | undefined {
  if (call.tool === 'helm') return helmAnswer(world, call)
  if (call.tool !== 'kubectl') return undefined
  const { args, objects = [] } = call
  const [verb, type] = args
  if (args.includes(markSelector)) return installAnswer(world, args)
  if (verb === 'create') {
    if (JSON.stringify(objects).includes(ownNamespace)) world.install = 'ours'
    else
      for (const { kind } of objects)
        for (const made of types) if (String(kind).toLowerCase() === made) world[made] = 'ours'
    return ran()
  }
  const asked = types.find((one) => one === type)
  if (asked === undefined) return undefined
  const presence = world[asked]
  if (verb === 'get') {
    if (presence === 'unreadable') return ran('', 1)
    if (presence === 'absent') return ran()
    const labels = presence === 'foreign' ? {} : { [mark[0]]: mark[1] }
    return ran(JSON.stringify({ metadata: { labels } }))
  }
  if (verb !== 'delete') return undefined
  if (presence === 'stuck') return ran('', 1)
  world[asked] = 'absent'
  return ran()
}

function helmAnswer(world: FakeWorld, { args }: ToolCall): Ran {
  // It fails without its namespace, as `helm install` does without --create-namespace.
  if (args[0] === 'install' && world.install !== 'ours') return ran('', 1)
  return ran(args[0] === 'show' ? 'apiVersion: v2\nname: akv-injector\n' : '')
}

/** Of calls that name our label. */
function installAnswer(world: FakeWorld, [verb, types = '']: readonly string[]): Ran {
  if (world.install === 'unreadable') return ran('', 1)
  if (verb === 'get') return ran(world.install === 'absent' ? '' : 'namespace/x\n')
  if (world.install === 'stuck') return ran('', 1)
  // Switching off leaves the rest.
  if (types.includes('namespaces')) world.install = 'absent'
  return ran()
}

function controlAnswer(world: FakeWorld, request: ControlRequest): ControlAnswer {
  if (!world.isEmulatorUp) return { status: undefined, body: undefined }
  const { identities, vaults } = world.emulated
  switch (request.path) {
    case '/names':
      return { status: 200, body: world.emulated }
    case '/add': {
      const added = request.body as {
        identities: readonly { clientId: string }[]
        vaults: Readonly<Record<string, unknown>>
      }
      if (Object.keys(added.vaults).some((name) => vaults.includes(name)))
        return { status: 409, body: { problems: ['exists'] } }
      world.emulated = {
        identities: [...identities, ...added.identities.map(({ clientId }) => clientId)],
        vaults: [...vaults, ...Object.keys(added.vaults)],
      }
      return { status: 200, body: {} }
    }
    case '/remove': {
      const removed = request.body as unknown as FakeWorld['emulated']
      world.emulated = {
        identities: identities.filter((id) => !removed.identities.includes(id)),
        vaults: vaults.filter((name) => !removed.vaults.includes(name)),
      }
      return { status: 200, body: {} }
    }
    case '/connection':
    case '/faults':
    case '/rotate':
    case '/set':
      return { status: 200, body: {} }
    default:
      return request satisfies never
  }
}

/** An answer to the call of a look that says this. */
export function answerThatSays(look: Look, seen: Seen): Ran {
  if (look.at === 'exit') return ran('', Number(/^exit-(\d)$/.exec(seen)?.[1] ?? 9))
  if (seen === 'unreachable') return ran('', 1)
  switch (look.at) {
    case 'file':
    case 'variable':
      return ran(seen === 'delivered' ? textOf(look.wanted) : 'something else')
    case 'secret': {
      const text = seen === 'delivered' ? textOf(look.wanted) : 'something else'
      const data = { [look.key]: Buffer.from(text).toString('base64') }
      return ran(seen === 'absent' ? '' : JSON.stringify({ data }))
    }
    case 'agent-code':
      return ran(`not JSON\n${JSON.stringify({ level: 'warn', code: seen })}\n`)
    case 'admission':
      if (seen === 'unanswered')
        return ran('', 1, 'failed calling webhook "pods.akv-injector.io": no endpoints')
      if (seen === 'refused')
        return ran('', 1, 'admission webhook "pods.akv-injector.io" denied the request: no')
      return podThatIs(seen, look.agentCpu)
    case 'annotation': {
      const within = { annotations: seen === 'present' ? { [look.key]: look.text } : {} }
      const object = look.within.reduceRight<object>((inner, name) => ({ [name]: inner }), within)
      return ran(JSON.stringify(object))
    }
    case 'leftovers':
      return ran(seen === 'absent' ? '' : 'secret/x\n')
    case 'app': {
      const state = seen === 'started' ? { running: {} } : { waiting: {} }
      return ran(JSON.stringify({ status: { containerStatuses: [{ name: 'app', state }] } }))
    }
    case 'injection':
    case 'gate':
      return podThatIs(seen)
    default:
      return look satisfies never
  }
}

function podThatIs(seen: Seen, cpu = '10m'): Ran {
  const lifecycle = seen === 'gated' ? { lifecycle: { postStart: {} } } : {}
  const requests = { cpu: seen === 'differs' ? '10m' : cpu }
  const agent = { name: 'akv-injector', ...lifecycle, resources: { requests } }
  const initContainers = seen === 'not-injected' ? [] : [{ name: 'other' }, agent]
  return ran(JSON.stringify({ spec: { initContainers } }))
}

const textOf = (wanted: { equals: string } | { begins: string }): string =>
  'equals' in wanted ? wanted.equals : `${wanted.begins} and more`
