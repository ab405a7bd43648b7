import { type Command, InvalidArgumentError, Option } from 'commander'
import type { End } from '../command/end.ts'
import { parseDuration } from '../lib/values/parse-duration.ts'
import { moduleKinds } from '../prove/azure/account.ts'
import { examples } from './examples.ts'
import { append, checkNamespace } from './shared-options.ts'

/** Adds `prove`, which tries an install in a cluster. */
export function addProve(program: Command, end: End): void {
  withAzureOptions(program.command('prove'))
    .summary('try everything in a cluster of your own, and write a report')
    .description(
      'Tries what akv-injector promises against an install in a cluster: files, variables, rotation, refusals, Secret sync and the other commands. Says first what it makes and which rights it needs, and removes it at the end. The report has only listed words and numbers, so that it can be published. With --resource-group, az makes a vault and identities in your subscription. With --emulated, an emulator has them.',
    )
    .option(
      '--emulated <url>',
      'control interface of the emulator that the install uses, such as http://127.0.0.1:8445',
    )
    .option(
      '--chart <chart>',
      'install this chart first, into a cluster without akv-injector, and also try what changes an install',
    )
    .option('--upgrade-from <chart>', 'earlier chart, to try an upgrade from it to --chart')
    .option('--values <file>', 'values of the chart, such as its image; repeatable', append)
    .option('--kubeconfig <file>', 'kubeconfig; default: $KUBECONFIG, or ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig; default: the current one')
    .addOption(
      new Option('--install-namespace <name>', 'namespace of akv-injector')
        .default('akv-injector')
        .argParser(checkNamespace)
        .conflicts('chart'),
    )
    .option('--image <image>', 'image of the pods, which has a shell', 'busybox:1.37')
    .option('--only <scenario>', 'only this scenario, or “answers”; repeatable', append)
    .option(
      '--also <scenario>',
      'also this scenario, which runs only on request: “firewall”, “roll-outs” or “throttled”, which counts against the subscription; repeatable',
      append,
    )
    .option('--report <folder>', 'folder of the report', 'akv-injector-proof')
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for what a step expects')
        .default(120, '2m')
        .argParser(readTimeout),
    )
    .option('-y, --yes', 'don’t ask')
    .addOption(new Option('--keep', 'leave what was made, to look at it').conflicts('clean'))
    .option('--clean', 'only remove what an earlier run has left')
    .addHelpText(
      'after',
      examples(
        'akv-injector prove --resource-group akv-injector-prove',
        'akv-injector prove --resource-group akv-injector-prove --clean',
        'akv-injector prove --emulated http://127.0.0.1:8445',
        'akv-injector prove --resource-group akv-injector-prove --chart ./manifests/chart --values values.yaml',
      ),
    )
    .action(async (options) => end(await (await import('../prove/prove.ts')).prove(options)))
}

const withAzureOptions = (command: Command): Command =>
  command
    .option(
      '-g, --resource-group <name>',
      'existing resource group for the vault and the identities',
    )
    .option('--subscription <id>', 'subscription of the resource group; default: that of az')
    .option('--vault <name>', 'name of the vault; default: one that belongs to the resource group')
    .option('--issuer <url>', 'OIDC issuer of the cluster; default: what the API server says')
    .option('--aks <name>', 'AKS cluster, to try an identity binding of it')
    .option('--aks-group <name>', 'resource group of the AKS cluster; default: --resource-group')
    .addOption(
      new Option(
        '--with <modules>',
        'make the identities and their roles with Bicep or Terraform; default: commands of az',
      ).choices(moduleKinds),
    )

function readTimeout(text: string): number {
  const parsed = parseDuration(text)
  if (parsed.kind === 'valid' && parsed.value > 0 && parsed.value <= 3600) return parsed.value
  throw new InvalidArgumentError('expected a duration of an hour at most, such as "90s" or "2m"')
}
