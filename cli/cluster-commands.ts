import { type Command, InvalidArgumentError, Option } from 'commander'
import type { End } from '../command/end.ts'
import { parseDuration } from '../lib/values/parse-duration.ts'
import { examples } from './examples.ts'
import { addProve } from './prove-command.ts'
import { append, checkNamespace } from './shared-options.ts'

/** Adds the commands that ask a cluster, or try it, with the caller's own rights. */
export function addClusterCommands(program: Command, end: End): void {
  program.commandsGroup('Ask a cluster:')
  addStatus(program, end)
  addWho(program, end)
  addDoctor(program, end)
  addProve(program, end)
}

/** Adds the options with which kubectl chooses a cluster and namespaces. */
const addClusterOptions = (command: Command): Command =>
  addNamespaceOptions(command).option('-A, --all-namespaces', 'look at all namespaces')

/** Adds the options with which kubectl chooses a cluster and a namespace. */
function addNamespaceOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig; default: $KUBECONFIG, or ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig; default: the current one')
    .addOption(
      new Option('-n, --namespace <name>', 'namespace; default: the one of the context')
        .argParser(checkNamespace)
        .conflicts('allNamespaces'),
    )
}

/** Adds the options that say which images run agents, so that other containers with the agent's name aren't trusted. */
function addImageOptions(command: Command): Command {
  return command
    .option(
      '--agent-image <image>',
      'image of agents, or its repository; default: the repository in the webhook’s Deployment; repeatable',
      append,
    )
    .addOption(
      new Option(
        '--install-namespace <name>',
        'namespace of akv-injector; default: the one in the webhook configuration',
      ).argParser(checkNamespace),
    )
}

const outputOption = (): Option =>
  new Option('-o, --output <form>', 'what to print on standard output')
    .choices(['text', 'json'])
    .default('text')

const selectorOption = (): Option =>
  new Option('-l, --selector <query>', 'only objects with these labels, as in kubectl')

function addStatus(program: Command, end: End): void {
  const command = program
    .command('status')
    .summary('show which pods have fresh objects, and why others don’t')
    .description(
      'Shows a line for each injected pod, and for each ServiceAccount, ExternalSecret and SecretProviderClass whose Secrets are synced: how it is, since when, and with which error. What fails comes first. Reads pods, their agents’ logs, and the statuses that Secret sync writes, so the ClusterRole view is enough. Exits with 1 if anything fails.',
    )
  addImageOptions(addClusterOptions(command))
    .addOption(selectorOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples('akv-injector status --namespace shop', 'akv-injector status -A --output json'),
    )
    .action(async (options) =>
      end(await (await import('../operate/status/status.ts')).status(options)),
    )
}

function addWho(program: Command, end: End): void {
  const command = program
    .command('who')
    .summary('show who asks for an object, and which version each holds')
    .description(
      'Shows which pods and synced Secrets ask for the objects of a vault, or for one object, and which version each holds: in files, in the variables of running processes, for the next start of a container, and in Secrets. Those that could not be asked are a list of their own. With --gate, exits with 0 only if nobody holds the version and everybody could be asked: the step of a pipeline before an old credential is revoked.',
    )
    .argument('<object>', 'VAULT, VAULT:NAME, VAULT:TYPE/NAME, or any of these with @VERSION')
    .option('--version <version>', 'only those who hold this version')
    .option('--old', 'only those who don’t hold the newest version that anyone holds')
    .addOption(
      new Option('--expires <time>', 'only what expires within this time, such as 30d').argParser(
        readDays,
      ),
    )
    .option(
      '--gate',
      'exit with 1 if anyone holds the version or could not be asked, and with 2 if nobody asks for the object',
    )
    .option(
      '--without <pod>',
      'NAMESPACE/POD that --gate leaves out, whatever it holds; repeatable',
      append,
    )
  addImageOptions(addClusterOptions(command))
    .addOption(selectorOption())
    .addOption(outputOption())
    .addHelpText(
      'after',
      examples(
        'akv-injector who team-a:db-password -A',
        'akv-injector who team-a:secret/db-password@0123456789abcdef0123456789abcdef -A --gate',
      ),
    )
    .action(async (object, options) =>
      end(await (await import('../operate/who/who.ts')).who({ object, ...options })),
    )
}

function addDoctor(program: Command, end: End): void {
  const command = program
    .command('doctor')
    .summary('find out what is wrong with an install, or with a pod')
    .description(
      'Checks the install of akv-injector in a cluster and what it depends on: versions, the webhook, certificates, policies, namespaces, Secret sync, monitors and other tools. For a pod, or a workload such as deployment/web, it says what the pod asks for, as whom it signs in, which az commands allow that, what has happened, and what to do. Reads with the rights of the kubeconfig and changes nothing. Exits with 1 if a check fails. What may not be read is said, and is no failure.',
    )
    .argument(
      '[workload...]',
      'pod NAME, or KIND/NAME: pod, deployment, statefulset, daemonset, replicaset, job or cronjob',
    )
  addImageOptions(addNamespaceOptions(command))
    .option('--issuer <url>', 'OIDC issuer of the cluster, for the az commands of a workload')
    .addOption(outputOption())
    .addOption(
      new Option(
        '--wait <duration>',
        'repeat the checks until none fails, at most this long, such as 5m',
      ).argParser(readDuration),
    )
    .addHelpText(
      'after',
      examples(
        'akv-injector doctor',
        'akv-injector doctor deployment/web --namespace shop',
        'akv-injector doctor --wait 5m',
      ),
    )
    .action(async (words: readonly string[], options) => {
      if (words.length === 0)
        end(await (await import('../operate/doctor/doctor.ts')).doctor(options))
      else
        end(
          await (await import('../operate/doctor/doctor-workload.ts')).doctorWorkload(
            words,
            options,
          ),
        )
    })
}

function readDuration(text: string): number {
  const parsed = parseDuration(text)
  if (parsed.kind === 'valid') return parsed.value
  throw new InvalidArgumentError(parsed.problem)
}

/** Parses a duration, which may also be in days, and returns seconds. */
function readDays(text: string): number {
  const [, days] = /^(\d{1,4})d$/.exec(text) ?? []
  return days === undefined ? readDuration(text) : Number(days) * 24 * 3600
}
