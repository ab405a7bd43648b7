import type { Command } from 'commander'
import { defaultFlags } from '../certs/settings.ts'
import type { End } from '../command/end.ts'
import { examples } from './examples.ts'

/** Adds the commands that the chart's containers run. */
export function addProcessCommands(program: Command, end: End): void {
  program.commandsGroup('In the cluster:')
  addWebhook(program, end)
  addAgent(program, end)
  addCerts(program, end)
  addSync(program, end)
}

function addWebhook(program: Command, end: End): void {
  program
    .command('webhook')
    .summary('run the admission webhook')
    .description('Serves admission reviews until SIGTERM. AKV_INJECTOR_* variables configure it.')
    .addHelpText('after', examples('akv-injector webhook'))
    .action(async () => end(await (await import('../webhook/main.ts')).webhookMain()))
}

function addAgent(program: Command, end: End): void {
  program
    .command('agent')
    .summary('fetch and refresh the secrets of its pod')
    .description(
      'Fetches the objects that AKV_INJECTOR_CONFIG lists and writes them to the volumes of the pod.',
    )
    .option('--root <folder>', 'where the volumes are mounted', '/akv')
    .option('--termination-log <file>', 'where to write the last error', '/dev/termination-log')
    .addHelpText('after', examples('akv-injector agent --root /akv'))
    .action(async (options) =>
      end(await (await import('../init-agent/main.ts')).agentMain(options)),
    )
}

function addCerts(program: Command, end: End): void {
  program
    .command('certs')
    .summary('run the certificate controller')
    .description(
      'Keeps the webhook’s CA and serving certificate in two Secrets, and the CA in the caBundle of the webhook configuration, until SIGTERM. Connects to the API server as a pod, or with KUBECONFIG.',
    )
    .option(
      '--namespace <name>',
      'namespace of the Secrets and the Service',
      defaultFlags.namespace,
    )
    .option('--service <name>', 'name of the webhook’s Service', defaultFlags.service)
    .option('--ca-secret <name>', 'Secret with the CA and its key', defaultFlags.caSecret)
    .option(
      '--tls-secret <name>',
      'Secret with the certificate that the webhook serves',
      defaultFlags.tlsSecret,
    )
    .option(
      '--webhook-configuration <name>',
      'webhook configuration whose caBundle to write',
      defaultFlags.webhookConfiguration,
    )
    .option('--health-listen <address>', 'HOST:PORT', defaultFlags.healthListen)
    .addHelpText('after', examples('akv-injector certs --namespace akv-injector'))
    .action(async (flags) => end(await (await import('../certs/main.ts')).certsMain(flags)))
}

function addSync(program: Command, end: End): void {
  program
    .command('sync')
    .summary('run the Secret sync controller')
    .description(
      'Keeps the Secrets that ServiceAccounts request in sync with Key Vault until SIGTERM, using the identity of each account. An account is enabled by a Role in its namespace, which "akv-injector rbac" prints. Connects to the API server as a pod, or with KUBECONFIG; AKV_INJECTOR_* variables configure the cloud.',
    )
    .option(
      '--watch <cluster|namespaces>',
      'watch the whole cluster, or only each namespace that has enabled accounts',
      'cluster',
    )
    .option('--classes', 'also sync the secretObjects of SecretProviderClasses')
    .option('--external-secrets', 'also sync ExternalSecrets')
    .option('--rollouts', 'also roll out workloads that ask for it when their objects change')
    .option('--health-listen <address>', 'HOST:PORT', '0.0.0.0:8080')
    .addHelpText('after', examples('akv-injector sync --watch namespaces --classes'))
    .action(async (flags) => end(await (await import('../sync/main.ts')).syncMain(flags)))
}
