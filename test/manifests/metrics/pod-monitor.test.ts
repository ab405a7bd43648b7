import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { scrapeConfigsOf } from '../../cluster/node/monitoring/harness/scrape-config.ts'
import { render, withoutHelm } from '../helm.ts'
import { type Manifest, readRendered } from '../rendered.ts'
import { promtool, runPromtool, withoutPromtool } from './promtool.ts'

const skip = withoutHelm || withoutPromtool

/** What Prometheus knows about one container port of a pod, or about a container without ports. */
interface Discovered {
  readonly ip?: string
  readonly container?: string
  readonly port?: { readonly name: string; readonly number: number }
  readonly annotations?: Readonly<Record<string, string>>
}

const meta = '__meta_kubernetes_pod_'
const labelsOf = ({
  ip = '10.0.0.1',
  container = 'akv-injector',
  port,
  annotations = {},
}: Discovered) => ({
  [`${meta}labelpresent_akv_injector_io_agent`]: 'true',
  [`${meta}ip`]: ip,
  [`${meta}container_name`]: container,
  ...(port && {
    [`${meta}container_port_name`]: port.name,
    [`${meta}container_port_number`]: `${port.number}`,
  }),
  ...Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [
      `${meta}annotation_akv_injector_io_${name}`,
      value,
    ]),
  ),
})

const addressOf = ({ ip = '10.0.0.1', port }: Discovered) => (port ? `${ip}:${port.number}` : ip)

/** The addresses that Prometheus scrapes, by endpoint. */
const scraped = (t: Test, discovered: readonly Discovered[]): readonly (readonly string[])[] =>
  scrapeConfigsOf(podMonitor(), 'http://localhost').map(({ relabel_configs }: Manifest) => {
    const job = {
      job_name: 'agents',
      static_configs: discovered.map((target) => ({
        targets: [addressOf(target)],
        labels: labelsOf(target),
      })),
      relabel_configs,
    }
    const folder = t.testdir({ 'prometheus.yaml': JSON.stringify({ scrape_configs: [job] }) })
    const found = discover(join(folder, 'prometheus.yaml'))
    t.equal(found.length, discovered.length)
    // promtool prints them in any order.
    return found.flatMap(({ labels }) => labels.__address__ ?? []).sort()
  })

/** promtool waits for as long as it is told, and reports what it has seen by then. */
function discover(configFile: string, seconds = 1): readonly Manifest[] {
  const { status, stdout, stderr } = spawnSync(
    promtool,
    ['check', 'service-discovery', `--timeout=${seconds}s`, configFile, 'agents'],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(stderr)
  const found: readonly Manifest[] | null = JSON.parse(stdout)
  return found?.length ? found : discover(configFile, 2 * seconds)
}

const podMonitor = () =>
  readRendered(render({ values: { metrics: { podMonitor: { enabled: true } } } }).text).find(
    'PodMonitor',
  )

const port = { name: 'akv-metrics', number: 19980 }
const annotations = { refresh: '5m', metrics: '19990' }

t.test('an agent is scraped once, at its own port', { skip }, async (t) => {
  t.strictSame(
    scraped(t, [
      { port, annotations: { ...annotations, metrics: '19980' } },
      { port, ip: '10.0.0.2', annotations: { refresh: '5m' } },
      { port: { name: 'http', number: 8080 }, ip: '10.0.0.2', container: 'app' },
      { ip: '10.0.0.2', container: 'worker' },
    ]),
    [['10.0.0.1:19980', '10.0.0.2:19980'], []],
  )
})

t.test('in the node’s network, an agent is found by its annotation', { skip }, async (t) => {
  t.strictSame(
    scraped(t, [
      { annotations },
      { container: 'app', annotations },
      { ip: 'fd00::1', annotations },
    ]),
    [[], ['10.0.0.1:19990', '[fd00::1]:19990']],
  )
})

t.test('an agent without metrics is not scraped', { skip }, async (t) => {
  t.strictSame(
    scraped(t, [
      {},
      { annotations: { metrics: '19990' } },
      { annotations: { refresh: '5m' } },
      { annotations: { refresh: '5m', metrics: '0' } },
    ]),
    [[], []],
  )
})

t.test('Prometheus takes the job of docs/operate.md', { skip: withoutPromtool }, async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/operate.md'), 'utf8')
  const [, config = ''] = /```yaml\n(scrape_configs:\n.*?)```/s.exec(page) ?? []
  const discovery = 'kubernetes_sd_configs:\n      - role: pod\n'
  t.match(config, discovery)
  // Debian builds Prometheus without this kind of discovery.
  const folder = t.testdir({ 'prometheus.yaml': config.replace(discovery, 'static_configs: []\n') })
  t.equal(runPromtool('check', 'config', join(folder, 'prometheus.yaml')), '')
})
