import { Argument, type Command } from 'commander'
import type { End } from '../command/end.ts'
import { addCheck } from './check-command.ts'
import { shells } from './completion/shells.ts'
import { examples } from './examples.ts'
import { addGrantCommands } from './grant-commands.ts'
import {
  append,
  chartOptions,
  envFileOption,
  loadRestrictorOption,
  namespaceOption,
  setOption,
} from './shared-options.ts'

/** Adds the commands for a terminal or a pipeline. */
export function addLocalCommands(program: Command, end: End): void {
  addDemo(program, end)
  addCheck(program, end, async (options) =>
    (await import('../repository/check/check.ts')).check(options),
  )
  addInject(program, end)
  addMigrate(program, end)
  addFetch(program, end)
  addGrantCommands(program, end)
  addEmulator(program, end)
  addCompletion(program, end)
}

function addDemo(program: Command, end: End): void {
  program
    .command('demo')
    .summary('run webhook, agent and emulator on this machine')
    .description(
      'Sends a pod to a real webhook over TLS, runs the agent that the patch adds against an emulated Key Vault, rotates a secret and shows the new file.',
    )
    .argument(
      '[file]',
      'a manifest with an annotated pod, or with a pod that has volumes of the Secrets Store CSI Driver; default: an example',
    )
    .option(
      '--vault-data <file>',
      'YAML with the contents and readers of the vaults; default: made up for FILE, or an example without FILE',
    )
    .option('--keep', 'leave everything running until Ctrl-C')
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText('after', examples('akv-injector demo', 'akv-injector demo my-pod.yaml --keep'))
    .action(async (file, options) =>
      end(await (await import('../laptop/demo/demo.ts')).demo({ file, ...options })),
    )
}

function addInject(program: Command, end: End): void {
  program
    .command('inject')
    .summary('print these manifests as the webhook would change them')
    .description(
      'Prints the manifests with everything that the webhook would add, to review them, or to apply them in a cluster without the webhook. SecretProviderClasses of the pods have to be among the files. Other documents stay byte for byte. Prints no manifest if a pod would be denied.',
    )
    .argument('<file...>', 'YAML or JSON with any number of documents; - reads standard input')
    .addOption(namespaceOption())
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText('after', examples('akv-injector inject pod.yaml | kubectl apply -f -'))
    .action(async (files, options) =>
      end((await import('../repository/inject/inject.ts')).inject({ files, ...options })),
    )
}

function addMigrate(program: Command, end: End): void {
  program
    .command('migrate')
    .summary('turn CSI volumes and ExternalSecrets in these manifests into annotations')
    .description(
      'Prints the manifests with volumes of the Secrets Store CSI Driver turned into annotations of the pods, and secretObjects and ExternalSecrets into annotations of ServiceAccounts. With --write, changes the files instead. Everything else stays byte for byte. Says on standard error what it leaves as it is. Verifies that old and new manifests ask for the same files and Secrets; otherwise it prints no manifest, or writes no file of that environment, and exits with 1. Reads the output of helm template, and works as a post-renderer of Helm.',
    )
    .argument('<file...>', 'files and folders of YAML or JSON manifests; - reads standard input')
    .option('--write', 'change the files in their places, and print a summary')
    .option('--dry-run', 'print what --write would change, as diffs for git apply')
    .option(
      '--force',
      'with --write, also change files that have uncommitted changes or are not in Git',
    )
    .option(
      '--strict',
      'exit with 1 if an object stays as it is, and if there is nothing to migrate',
    )
    .option(
      '--render',
      'render folders with a kustomization.yaml or Chart.yaml, and print what they become',
    )
    .addOption(chartOptions()[0])
    .addOption(chartOptions()[1])
    .addOption(loadRestrictorOption())
    .addOption(namespaceOption())
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText(
      'after',
      examples(
        'akv-injector migrate --dry-run deploy/',
        'akv-injector migrate --write deploy/',
        'helm template web ./chart | akv-injector migrate - > migrated.yaml',
      ),
    )
    .action(async (files, options, command: Command) => {
      const { write = false, dryRun = false, force = false, render = false } = options
      if (force && !write) command.error('error: --force needs --write')
      if (render && (write || dryRun))
        command.error(
          'error: --write and --dry-run can’t be used with --render, because what is rendered is in no file; they change the files that a Kustomize folder refers to',
        )
      for (const [name, value] of Object.entries({
        values: options.values,
        'kube-version': options.kubeVersion,
        'load-restrictor': options.loadRestrictor,
      }))
        if (value !== undefined && !render) command.error(`error: --${name} needs --render`)
      if ((write || dryRun) && files.includes('-'))
        command.error('error: --write and --dry-run need files or folders, not standard input')
      end(await (await import('../repository/migrate/migrate.ts')).migrate({ files, ...options }))
    })
}

function addFetch(program: Command, end: End): void {
  program
    .command('fetch')
    .summary('write a pod’s files to a folder, as its agent would')
    .description(
      'Fetches the objects that the annotations of a pod and its volumes of the Secrets Store CSI Driver name, and writes them to a folder, using the agent’s own code. Signs in with a federated token file if there is one, otherwise with the account of az login.',
    )
    .argument(
      '<file...>',
      'manifests with the pod, or a workload, its ServiceAccount and its SecretProviderClasses; - reads standard input',
    )
    .option(
      '-o, --output <folder>',
      'where to write the files: a new folder, or one that only you may enter',
    )
    .option(
      '--variables <file>',
      "where to write the variables, as NAME='value' lines that only you can read",
    )
    .option(
      '--federated-token-file <file>',
      'a service account token to exchange; default: $AZURE_FEDERATED_TOKEN_FILE',
    )
    .option('--pod <kind/name>', 'which pod, if the files have several')
    .addOption(namespaceOption())
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText(
      'after',
      examples(
        'akv-injector fetch shop.yaml --namespace shop --pod Deployment/web --output secrets',
      ),
    )
    .action(async (files, options) =>
      end(await (await import('../laptop/fetch/fetch.ts')).fetch({ files, ...options })),
    )
}

function addEmulator(program: Command, end: End): void {
  program
    .command('emulator')
    .summary('run an emulator of Entra and Key Vault over TLS')
    .description(
      'Serves an Entra token endpoint and Key Vaults for development, and a control endpoint on loopback that rotates secrets and injects faults. Not for production: it checks every request, but does not protect the data.',
    )
    .option(
      '--data <file>',
      'YAML with the contents and readers of the vaults; default: an example',
    )
    .option('--listen <address>', 'HOST:PORT', '127.0.0.1:8444')
    .option('--control-port <port>', 'port of the control endpoint on 127.0.0.1', '8445')
    .option(
      '--issuer <url>',
      'issuer of the service account tokens to accept; default: the emulator',
    )
    .option('--ca-out <file>', 'where to write the CA certificate for clients')
    .option(
      '--dns-name <name>',
      'a DNS name by which clients reach the vaults, for its certificate, such as *.vault.azure.net; repeatable',
      append,
    )
    .option(
      '--cluster-id <id>',
      'emulate the token proxy of an AKS cluster with this ID, which exchanges tokens by identity bindings',
    )
    .option('--cluster-ca-out <file>', 'where to write the CA certificate of that cluster')
    .addHelpText('after', examples('akv-injector emulator --data vaults.yaml --ca-out ca.pem'))
    .action(async (options) =>
      end(await (await import('../laptop/emulator/emulator.ts')).emulator(options)),
    )
}

function addCompletion(program: Command, end: End): void {
  program
    .command('completion')
    .summary('print a script that completes command lines in a shell')
    .description(
      'Prints a script for bash, zsh or fish that completes commands, options, the values that options accept, files, and, for doctor and who, names in the cluster, which it asks kubectl for. For the current shell: source <(akv-injector completion bash).',
    )
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .addHelpText(
      'after',
      examples('source <(akv-injector completion bash)', 'akv-injector completion fish | source'),
    )
    .action(async (shell) => {
      const { completion } = await import('./completion/completion.ts')
      completion(shell, program)
      end(0)
    })
}
