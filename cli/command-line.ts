import { Command, CommanderError, Option } from 'commander'
import { defaultFlags } from '../certs/settings.ts'
import { printLines } from '../lib/print-lines.ts'
import packageJson from '../package.json' with { type: 'json' }
import { InputError } from './input/input-error.ts'

const details = `
Operator settings (which clouds, vaults and defaults) are read from the same AKV_INJECTOR_* variables everywhere.
Exit codes: 0 fine, 1 failed, 2 wrong input or usage.`

/**
 * Runs `akv-injector` with these arguments. The code of a command is loaded when it is called: the agent starts in
 * every pod, and must not pay for the others.
 *
 * @returns the exit code (docs/specification.md, "Command line")
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = buildProgram((code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    // Commander has said it already: help that was asked for is fine, anything else is wrong usage.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof InputError)) throw error
    printLines(process.stderr, [`akv-injector: ${error.message}`, ...error.details])
    return 2
  }
}

function buildProgram(end: (exitCode: number) => void): Command {
  const program = new Command('akv-injector')
    .description(
      'Gives annotated Kubernetes pods their Azure Key Vault secrets as files and environment variables.',
    )
    .version(packageJson.version)
    .addHelpText('after', details)
    .exitOverride()
    // Its messages repeat the arguments.
    .configureOutput({ writeErr: (text) => printLines(process.stderr, text.trimEnd().split('\n')) })
    .showHelpAfterError("Run 'akv-injector --help' for usage.")
    .helpCommand(false)

  program
    .command('demo')
    .summary('the whole path on this machine, against the emulator')
    .description(
      'Sends a pod through a real TLS webhook, runs the agent that the patch adds against a local Key Vault, rotates a secret and shows what arrives.',
    )
    .argument('[file]', 'a manifest with an annotated pod; default: an example')
    .option(
      '--vault-data <file>',
      'what the vaults hold and who may read it; default: the examples’',
    )
    .option('--keep', 'leave everything running, to look at, until Ctrl-C')
    .action(async (file, options) =>
      end(await (await import('./demo/demo.ts')).demo({ file, ...options })),
    )

  program
    .command('check')
    .summary('what the webhook would say to these manifests')
    .description(
      'Says for each pod, and each pod template of a workload, what would be injected, or what is wrong; for each ServiceAccount, which Secrets would be synced; and whether a Secret would be adopted for that. Exits with 1 if a pod would be denied, or if a mistake keeps anything else from being done.',
    )
    .argument('<file...>', 'YAML or JSON, any number of documents; - reads standard input')
    .addOption(namespaceOption())
    .action(async (files, options) =>
      end((await import('./check/check.ts')).check({ files, ...options })),
    )

  program
    .command('inject')
    .summary('these manifests as the webhook would make them')
    .description(
      'Prints the manifests with everything added, to review, or to apply where there is no webhook. Prints nothing if a pod would be denied.',
    )
    .argument('<file...>', 'YAML or JSON, any number of documents; - reads standard input')
    .addOption(namespaceOption())
    .action(async (files, options) =>
      end((await import('./inject/inject.ts')).inject({ files, ...options })),
    )

  program
    .command('fetch')
    .summary('what a pod’s agent would write, into a folder')
    .description(
      'Fetches what the annotations of a pod name and writes it into a folder, by the agent’s own code. Signs in with a federated token file, else as the developer who has signed in with az login.',
    )
    .argument('<file>', 'a manifest with the pod, or a workload; - reads standard input')
    .option(
      '-o, --output <folder>',
      'where to write the files: a new folder, or one that nobody else may enter',
    )
    .option(
      '--variables <file>',
      "where to write the variables, as NAME='value' lines, readable by you alone",
    )
    .option(
      '--federated-token-file <file>',
      'a service account token to exchange; default: $AZURE_FEDERATED_TOKEN_FILE',
    )
    .option('--pod <kind/name>', 'which, where the file has several')
    .addOption(namespaceOption())
    .action(async (file, options) =>
      end(await (await import('./fetch/fetch.ts')).fetch({ file, ...options })),
    )

  program
    .command('emulator')
    .summary('a local Entra and Key Vault over TLS')
    .description(
      'Serves an Entra token end point and Key Vaults to try things with, and a control end point on loopback to rotate secrets and cause faults. Not for production: it checks everything and protects nothing.',
    )
    .option(
      '--data <file>',
      'YAML: what the vaults hold and who may read it; default: the examples’',
    )
    .option('--listen <address>', 'HOST:PORT', '127.0.0.1:8444')
    .option('--control-port <port>', 'port of the control end point on 127.0.0.1', '8445')
    .option('--issuer <url>', 'whose service account tokens to accept; default: its own')
    .option('--ca-out <file>', 'where to write the certificate to trust')
    .action(async (options) => end(await (await import('./emulator.ts')).emulator(options)))

  program
    .command('webhook')
    .summary('in the cluster: run the admission webhook')
    .description(
      'Serves admission reviews until SIGTERM. Everything is set by AKV_INJECTOR_* variables.',
    )
    .action(async () => end(await (await import('../webhook/main.ts')).webhookMain()))

  program
    .command('agent')
    .summary('in the pod: fetch, write and refresh the secrets')
    .description('Fetches what AKV_INJECTOR_CONFIG names and writes it to the volumes of the pod.')
    .option('--root <folder>', 'where the volumes are mounted', '/akv')
    .option('--termination-log <file>', 'where to say why it ended', '/dev/termination-log')
    .action(async (options) =>
      end(await (await import('../init-agent/main.ts')).agentMain(options)),
    )

  program
    .command('certs')
    .summary('in the cluster: run the certificate controller')
    .description(
      'Keeps an authority and a certificate for the webhook in two Secrets, and the authority in the caBundle of its configuration, until SIGTERM. Reaches the API server as a pod, or by KUBECONFIG.',
    )
    .option('--namespace <name>', 'of the Secrets and the Service', defaultFlags.namespace)
    .option('--service <name>', 'the webhook’s', defaultFlags.service)
    .option('--ca-secret <name>', 'holds the authority and its key', defaultFlags.caSecret)
    .option('--tls-secret <name>', 'holds what the webhook serves', defaultFlags.tlsSecret)
    .option(
      '--webhook-configuration <name>',
      'whose caBundle to keep',
      defaultFlags.webhookConfiguration,
    )
    .option('--health-listen <address>', 'HOST:PORT', defaultFlags.healthListen)
    .action(async (flags) => end(await (await import('../certs/main.ts')).certsMain(flags)))

  program
    .command('sync')
    .summary('in the cluster: run the Secret sync controller')
    .description(
      'Fills the Secrets that the annotations of these ServiceAccounts ask for, each with the account’s own identity, until SIGTERM. Reaches the API server as a pod, or by KUBECONFIG; AKV_INJECTOR_* variables say which cloud.',
    )
    .requiredOption(
      '--service-accounts <list>',
      'to act for: NAMESPACE=NAME+NAME, several with ";" between',
    )
    .option('--health-listen <address>', 'HOST:PORT', '0.0.0.0:8080')
    .action(async (flags) => end(await (await import('../sync/main.ts')).syncMain(flags)))
  return program
}

function namespaceOption(): Option {
  return new Option('-n, --namespace <name>', 'for manifests that name none').default('default')
}
