/** Series and the alerts that they cause. Each series has the notation of promtool: a value every 15 seconds. */
export interface AlertCase {
  readonly name: string
  /** These replace the series of {@link healthy} that have the same name and labels. */
  readonly series: Readonly<Record<string, string>>
  /** When the alerts are tested, in minutes. */
  readonly atMinutes: number
  /** How many of each alert fire then. */
  readonly firing: Readonly<Record<string, number>>
}

const days = (count: number) => count * 86_400
const webhook = 'akv_injector_build_info{component="webhook"}'
const outcome = (name: string) => `akv_injector_admissions_total{outcome="${name}"}`
const duration = (le: string) => `akv_injector_admission_duration_seconds_bucket{le="${le}"}`
const rejections = (name: string, type: string) =>
  `apiserver_admission_webhook_rejection_count{name="${name}",error_type="${type}"}`
const pod = (number: number) => `namespace="shop",pod="web-${number}"`
const stale = (number: number) => `akv_injector_agent_staleness_seconds{${pod(number)}}`
const starting = (number: number) => `akv_injector_agent_starting_seconds{${pod(number)}}`
const agentIs = (state: 'running' | 'ready', number: number) =>
  `kube_pod_init_container_status_${state}{container="akv-injector",${pod(number)}}`
const phase = (number: number, name: string) =>
  `kube_pod_status_phase{phase="${name}",${pod(number)}}`
const interval = (number: number) => `akv_injector_agent_refresh_interval_seconds{${pod(number)}}`
const expiry = (name: string, number: number) =>
  `akv_injector_agent_object_expiry_timestamp_seconds{vault="shop",type="secret",name="${name}",${pod(number)}}`
const throttled = (number: number, vault = 'shop') =>
  `akv_injector_agent_failures_total{code="AKV_THROTTLED",vault="${vault}",${pod(number)}}`
const requests = (result: string, vault = 'shop') =>
  `akv_injector_sync_vault_requests_total{vault="${vault}",result="${result}"}`
const latency = (process: 'agent' | 'sync', le: string, vault = 'shop') =>
  `akv_injector_${process}_vault_request_duration_seconds_bucket{vault="${vault}",outcome="ok",le="${le}"}`
const account = (name: string) =>
  `akv_injector_sync_staleness_seconds{namespace="shop",account="${name}"}`

const pods = [1, 2, 3, 4]

/** An hour in which nothing is wrong. */
export const healthy: Readonly<Record<string, string>> = {
  [webhook]: '1x240',
  [outcome('injected')]: '0+1x240',
  [outcome('failed')]: '0x240',
  [outcome('denied')]: '0x60 1x180',
  [duration('0.01')]: '0+1x240',
  [duration('+Inf')]: '0+1x240',
  [rejections('pods.akv-injector.io', 'calling_webhook_error')]: '0x240',
  [rejections('pods.akv-injector.io', 'no_error')]: '0+1x240',
  [rejections('pods.example.com', 'calling_webhook_error')]: '0+1x240',
  akv_injector_certificate_expiry_timestamp_seconds: `${days(30)}x240`,
  akv_injector_certs_ready: '0x8 1x232',
  ...Object.fromEntries(
    pods.flatMap((number) => [
      [stale(number), '0x240'],
      [interval(number), '30x240'],
      [expiry('password', number), `${days(30)}x240`],
    ]),
  ),
  'akv_injector_agent_failures_total{code="AKV_TIMEOUT",vault="shop",namespace="shop",pod="web-1"}':
    '0+1x240',
  [requests('ok')]: '0+9x240',
  [latency('agent', '0.05')]: '0+1x240',
  [latency('agent', '10')]: '0+1x240',
  [latency('agent', '+Inf')]: '0+1x240',
  [latency('sync', '0.05')]: '0+9x240',
  [latency('sync', '10')]: '0+9x240',
  [latency('sync', '+Inf')]: '0+9x240',
  [account('web')]: '0x240',
  akv_injector_sync_queue_depth: '0 5x59 0 5x59 0 5x59 0 5x59',
}

const gone = '_x240'

export const alertCases: readonly AlertCase[] = [
  { name: 'all is well', series: {}, atMinutes: 30, firing: {} },
  {
    name: 'the API server can’t call the webhook',
    series: { [rejections('pods.akv-injector.io', 'calling_webhook_error')]: '0x40 3x200' },
    atMinutes: 11,
    firing: { AkvInjectorWebhookUnreachable: 1 },
  },
  {
    name: 'all replicas are gone for six minutes',
    series: { [webhook]: gone },
    atMinutes: 6,
    firing: { AkvInjectorWebhookDown: 1 },
  },
  { name: 'and for four', series: { [webhook]: gone }, atMinutes: 4, firing: {} },
  {
    name: 'the webhook failed once',
    series: { [outcome('failed')]: '0x40 1x200' },
    atMinutes: 11,
    firing: { AkvInjectorWebhookFails: 1 },
  },
  {
    name: 'the webhook failed an hour ago',
    series: { [outcome('failed')]: '0x8 1x232' },
    atMinutes: 50,
    firing: {},
  },
  {
    name: 'a Deployment is refused again and again',
    series: { [outcome('denied')]: '0x20 0+1x220' },
    atMinutes: 15,
    firing: { AkvInjectorWebhookRefuses: 1 },
  },
  {
    name: 'a twentieth of the responses take longer than half a second',
    series: {
      [duration('0.01')]: '0+95x240',
      [duration('0.5')]: '0+95x240',
      [duration('1')]: '0+100x240',
      [duration('+Inf')]: '0+100x240',
    },
    atMinutes: 30,
    firing: { AkvInjectorWebhookSlow: 1 },
  },
  {
    name: 'the certificate ends in four days',
    series: { akv_injector_certificate_expiry_timestamp_seconds: `${days(4)}x240` },
    atMinutes: 20,
    firing: { AkvInjectorCertificateExpires: 1 },
  },
  {
    name: 'there is no certificate',
    series: {
      akv_injector_certificate_expiry_timestamp_seconds: '0x240',
      akv_injector_certs_ready: '0x240',
    },
    atMinutes: 20,
    firing: { AkvInjectorCertificateExpires: 1, AkvInjectorCertsNotReady: 1 },
  },
  {
    name: 'a pod that starts slowly, but in time',
    series: { [starting(1)]: '_x4 60+15x12 stale' },
    atMinutes: 6,
    firing: {},
  },
  {
    name: 'pods with metrics and without wait for the end of an outage, beside one that runs',
    series: {
      [starting(1)]: '_x4 60+15x236',
      ...Object.fromEntries(
        [1, 2].flatMap((number) => [
          [agentIs('running', number), '1x240'],
          [agentIs('ready', number), '0x240'],
          [phase(number, 'Pending'), '1x240'],
        ]),
      ),
      [agentIs('running', 3)]: '1x240',
      [agentIs('ready', 3)]: '0x240',
      [phase(3, 'Pending')]: '0x240',
    },
    atMinutes: 8,
    firing: { AkvInjectorPodWaits: 2 },
  },
  {
    name: "the image of an app can't be pulled, and its agent has written everything",
    series: {
      [agentIs('running', 1)]: '1x240',
      [agentIs('ready', 1)]: '0x4 1x236',
      [phase(1, 'Pending')]: '1x240',
    },
    atMinutes: 10,
    firing: {},
  },
  {
    name: 'three of four pods are cut off from their vault',
    series: Object.fromEntries([1, 2, 3].map((number) => [stale(number), '0 30+15x239'])),
    atMinutes: 2,
    firing: { AkvInjectorPodStale: 3 },
  },
  {
    name: 'and their vault is back',
    series: Object.fromEntries([1, 2, 3].map((number) => [stale(number), '0 30+15x4 0x235'])),
    atMinutes: 2,
    firing: {},
  },
  {
    name: 'one refresh of a pod fails, and the next one succeeds',
    series: { [stale(1)]: '0x1 30+15x2 0x235' },
    atMinutes: 1,
    firing: {},
  },
  {
    name: 'an object that four pods use expires in 13 days',
    series: Object.fromEntries(
      pods.map((number) => [expiry('old-password', number), `${days(13)}x240`]),
    ),
    atMinutes: 10,
    firing: { AkvInjectorObjectExpires: 1 },
  },
  {
    name: 'each of two pods was throttled for the first time',
    series: { [throttled(1)]: '_x40 1x200', [throttled(2)]: '_x40 1x200' },
    atMinutes: 11,
    firing: { AkvInjectorVaultThrottles: 1 },
  },
  {
    name: 'pods and sync are throttled by two vaults',
    series: {
      [throttled(1)]: '0+1x240',
      [throttled(2, 'billing')]: '_x40 1x200',
      [requests('AKV_THROTTLED', 'billing')]: '0+1x240',
    },
    atMinutes: 11,
    firing: { AkvInjectorVaultThrottles: 2 },
  },
  {
    name: 'pods were throttled half an hour ago',
    series: { [throttled(1)]: '_x40 1x200' },
    atMinutes: 40,
    firing: {},
  },
  {
    name: 'sync is throttled',
    series: { [requests('AKV_THROTTLED')]: '0+1x240' },
    atMinutes: 30,
    firing: { AkvInjectorVaultThrottles: 1 },
  },
  {
    name: 'a vault answers agents slowly, and another one doesn’t answer sync',
    series: {
      [latency('agent', '5')]: '0x240',
      [latency('agent', '0.05')]: '0x240',
      [latency('sync', '10', 'billing')]: '0x240',
      [latency('sync', '20', 'billing')]: '0+1x240',
      [latency('sync', '+Inf', 'billing')]: '0+1x240',
    },
    atMinutes: 30,
    firing: { AkvInjectorVaultSlow: 2 },
  },
  {
    name: 'one request in twenty is slow',
    series: {
      [latency('agent', '5')]: '0+19x240',
      [latency('agent', '0.05')]: '0+19x240',
      [latency('agent', '10')]: '0+20x240',
      [latency('agent', '+Inf')]: '0+20x240',
    },
    atMinutes: 30,
    firing: {},
  },
  {
    name: 'two accounts can’t be synced',
    series: { [account('api')]: '0+15x240', [account('jobs')]: '0+15x240' },
    atMinutes: 20,
    firing: { AkvInjectorSyncFails: 2 },
  },
  {
    name: 'a roll-out is refused, and another one is waited for',
    series: {
      'akv_injector_rollouts_failed_total{namespace="shop",reason="refused"}': '0x80 1x160',
      'akv_injector_rollouts_held_back{namespace="billing",reason="rolling"}': '1x240',
    },
    atMinutes: 30,
    firing: { AkvInjectorRolloutFails: 1 },
  },
  {
    name: 'workloads have used up their roll-outs of the day',
    series: {
      'akv_injector_rollouts_held_back{namespace="shop",reason="daily-limit"}': '2x400',
      'akv_injector_rollouts_held_back{namespace="billing",reason="too-soon"}': '1x400',
    },
    atMinutes: 59,
    firing: { AkvInjectorRolloutFails: 1 },
  },
  {
    name: 'the queue of sync is never empty',
    series: { akv_injector_sync_queue_depth: '5x240' },
    atMinutes: 40,
    firing: { AkvInjectorSyncLags: 1 },
  },
]
