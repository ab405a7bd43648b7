import { type Command, Option } from 'commander'
import type { End } from './command/end.ts'
import { append, checkNamespace } from './shared-options.ts'

/** Adds the commands that ask a cluster, with the caller's own rights. */
export function addReadingCommands(program: Command, end: End): void {
  program.commandsGroup('Ask a cluster:')
  addStatus(program, end)
}

/** Adds the options with which kubectl chooses a cluster and a namespace. */
function addClusterOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig; default: $KUBECONFIG, or ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig; default: the current one')
    .addOption(
      new Option('-n, --namespace <name>', 'namespace; default: the one of the context')
        .argParser(checkNamespace)
        .conflicts('allNamespaces'),
    )
    .option('-A, --all-namespaces', 'look at all namespaces')
}

/** Adds the options that say which containers are believed to be agents. */
function addImageOptions(command: Command): Command {
  return command
    .option(
      '--agent-image <image>',
      'image of agents, or its repository; default: the repository in the webhook’s Deployment; repeatable',
      append,
    )
    .addOption(
      new Option('--install-namespace <name>', 'namespace of akv-injector; default: any').argParser(
        checkNamespace,
      ),
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
    .action(async (options) => end(await (await import('./status/status.ts')).status(options)))
}
