import type { Agent } from 'node:https'
import { createConnection, maxSockets } from '../../keyvault/clients/connection.ts'
import type { RawAnswer } from '../../keyvault/clients/request-guard.ts'
import { createSignIn, type SignIn, type SignInOptions } from '../../keyvault/entra/sign-in.ts'
import { createObjectReader, type ObjectReader } from '../../keyvault/readers/object-reader.ts'
import type { Clock } from '../../lib/clock.ts'
import { AkvError } from '../../lib/errors/akv-error.ts'
import { withoutAbsent } from '../../lib/shape.ts'
import type { AccountName } from '../plan/facts.ts'
import type { Made } from '../plan/made.ts'
import type { AnswerRequest, AnswerRequestId } from './answer-request.ts'
import { type AnswerShape, shapeOf } from './shape.ts'

/** An Azure whose answers are recorded: that of a subscription, or an emulated one. */
export interface AnswerSource {
  /** As the agent's configuration has it. */
  readonly cloud: {
    readonly authorityHost: string
    readonly vaultUrl: string
    readonly audience: string
    /** PEM. Absent: the usual authorities. */
    readonly ca?: string
  }
  /** No proxy is on the way to it. */
  readonly isLocal?: true
  readonly tenantId: string
  readonly vaultName: string
  readonly made: Pick<Made, 'clientIds' | 'versions'>
  /** A token of the ServiceAccount, as the kubelet gives it to a pod. */
  assertionOf(account: AccountName): Promise<string>
  /** Lets the vault throttle the next request. Absent: it throttles by itself if it is asked often enough. */
  throttle?(): Promise<unknown>
}

interface RecordOptions {
  readonly clock: Clock
  readonly abort: AbortSignal
}

/** The shape of each answer. */
export type RecordedAnswers = ReadonlyMap<AnswerRequestId, AnswerShape>

/**
 * Makes each request as the agent does, with its sign-in and its clients, and records what the answer looks like. A request without an
 * answer has a shape, too.
 */
export async function recordAnswers(
  requests: readonly AnswerRequest[],
  source: AnswerSource,
  options: RecordOptions,
): Promise<RecordedAnswers> {
  const { cloud } = source
  const agent = connect(source)
  const signIns = new Map<AccountName, SignIn>()
  const recorded = new Map<AnswerRequestId, AnswerShape>()
  try {
    for (const request of requests) {
      if (options.abort.aborted) break
      const answer = await answerTo(request, { ...options, source, agent, signIns })
      recorded.set(request.id, shapeOf(answer, cloud.audience))
    }
    return recorded
  } finally {
    agent.destroy()
  }
}

const connect = ({ cloud: { ca }, isLocal }: AnswerSource): Agent =>
  createConnection({ ca, env: isLocal ? {} : process.env })

interface AskOptions extends RecordOptions {
  readonly source: AnswerSource
  readonly agent: Agent
  /** Those of requests to the vault. */
  readonly signIns: Map<AccountName, SignIn>
}

/** Undefined if nobody answered. */
async function answerTo(
  { asks, account }: AnswerRequest,
  options: AskOptions,
): Promise<RawAnswer | undefined> {
  const seen: { first?: RawAnswer; last?: RawAnswer } = {}
  const onAnswer = (answer: RawAnswer) => {
    seen.first ??= answer
    if (seen.last?.status !== tooManyRequests) seen.last = answer
  }
  if (asks.for === 'token') {
    await refusable(() => openSignIn(account, options, { ...asks, onAnswer }).token())
    return asks.isFirst ? seen.first : seen.last
  }
  const { source, agent, signIns } = options
  const signIn = signIns.get(account) ?? openSignIn(account, options)
  signIns.set(account, signIn)
  const askBy = (agent: Agent) => {
    const reader = createObjectReader({
      ...{ vaultUrl: source.cloud.vaultUrl, agent, principal: account, onAnswer },
      token: 'isRefused' in asks ? async () => refusedToken : signIn.token,
    })
    return () => refusable(() => askVault(asks, reader, options))
  }
  if (!('isThrottled' in asks)) await askBy(agent)()
  else if (!(await throttles(askBy, () => seen.last?.status === tooManyRequests, options)))
    return undefined
  return seen.last
}

const tooManyRequests = 429
/** Has the form of a token. Nobody has signed it. */
const refusedToken = `${Buffer.from('{"alg":"RS256","typ":"JWT"}').toString('base64url')}.e30.AAAA`

/** What the agent makes of the answer doesn't matter here. */
const refusable = (ask: () => Promise<unknown>): Promise<unknown> =>
  ask().catch((error: unknown) => {
    if (!(error instanceof AkvError)) throw error
  })

function openSignIn(
  account: AccountName,
  { source, agent, clock }: AskOptions,
  {
    tenantId = source.tenantId,
    onAnswer,
  }: Partial<Pick<SignInOptions, 'tenantId' | 'onAnswer'>> = {},
): SignIn {
  const { authorityHost, audience } = source.cloud
  return createSignIn({
    ...{ authorityHost, audience, tenantId, agent, onAnswer },
    clientId: source.made.clientIds[account] ?? '',
    readAssertion: () => source.assertionOf(account),
    now: clock.wallTime,
  })
}

async function askVault(
  asks: Exclude<AnswerRequest['asks'], { readonly for: 'token' }>,
  reader: ObjectReader,
  { source: { vaultName, made }, abort }: AskOptions,
): Promise<void> {
  switch (asks.for) {
    case 'object': {
      const { type, name, isOld } = asks
      const version = isOld ? made.versions.old : undefined
      await reader.read({ vault: vaultName, type, name, ...withoutAbsent({ version }) }, abort)
      return
    }
    case 'versions':
      await reader.listVersions({ vault: vaultName, type: 'secret', name: asks.name }, abort)
      return
    case 'list':
      await reader.secretPages(vaultName, abort)[Symbol.asyncIterator]().next()
      return
    default:
      asks satisfies never
  }
}

/**
 * A vault answers 4,000 requests in ten seconds (learn.microsoft.com/azure/key-vault/general/service-limits). Our ten seconds may lie
 * in two of its periods, and one of these gets at least half of the requests.
 */
const flood = { forMs: 10_000, maxRequests: 8_000, connections: 64 }

/** Asks until the vault throttles, or for ten seconds. Returns whether it did. */
async function throttles(
  askBy: (agent: Agent) => () => Promise<unknown>,
  isThrottled: () => boolean,
  { source, clock, abort }: AskOptions,
): Promise<boolean> {
  await source.throttle?.()
  const agents = Array.from({ length: flood.connections / maxSockets }, () => connect(source))
  const endMs = clock.now() + flood.forMs
  let left = flood.maxRequests
  const keepAsking = async (ask: () => Promise<unknown>) => {
    while (!isThrottled() && !abort.aborted && clock.now() < endMs && left-- > 0) await ask()
  }
  try {
    const asks = agents.map(askBy).flatMap((ask) => Array.from({ length: maxSockets }, () => ask))
    await Promise.all(asks.map(keepAsking))
    return isThrottled()
  } finally {
    for (const agent of agents) agent.destroy()
  }
}
