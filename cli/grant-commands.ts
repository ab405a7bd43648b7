import { type Command, Option } from 'commander'
import type { End } from '../command/end.ts'
import { watchModes } from '../requests/administrator/watch-mode.ts'
import { examples } from './examples.ts'
import {
  append,
  chartOptions,
  checkNamespace,
  envFileOption,
  kubeVersionOption,
  loadRestrictorOption,
  namedNamespace,
  onlyNamespaceOption,
  renderOptions,
  setOption,
  takeOnce,
} from './shared-options.ts'

/** Adds the commands that print which rights somebody has to grant, in Azure and in the cluster. */
export function addGrantCommands(program: Command, end: End): void {
  addIdentity(program, end)
  addRbac(program, end)
}

function addIdentity(program: Command, end: End): void {
  program
    .command('identity')
    .summary('print the az commands that these manifests need')
    .description(
      'Prints commands of the Azure CLI to paste into a shell: a federated credential for each ServiceAccount that pods or Secret sync sign in with, and on each vault the narrowest roles for the kinds of objects that they read. What no manifest says becomes an option, or a variable in the commands. With --verify, runs the Azure CLI instead, and prints what is missing and what is too much. Exits with 1 if there is a difference, something couldn’t be verified, or a pod or a ServiceAccount has a mistake.',
    )
    .argument('[file...]', 'files and folders of manifests, as for check')
    .option('-f, --filename <file>', 'the same as an argument; repeatable', append)
    .option(
      '--issuer <url>',
      'OIDC issuer of the cluster; repeatable, for several clusters',
      append,
    )
    .option(
      '--identity-name <name>',
      'name of the managed identity; default: looked up by its client ID',
    )
    .option('--resource-group <name>', 'resource group of the managed identity')
    .option('--vault-resource-group <name>', 'resource group of the vaults')
    .option('--vault-subscription <name>', 'subscription of the vaults')
    .addOption(
      new Option('--scope <place>', 'where to assign roles: on each vault, or on each object')
        .choices(['vault', 'object'])
        .default('vault'),
    )
    .option('--access-policies', 'for vaults with access policies instead of roles')
    .option(
      '--verify',
      'compare with what Azure has, as the user of az login, and change nothing; needs --issuer',
    )
    .addOption(renderOptions()[0])
    .addOption(renderOptions()[1])
    .addOption(chartOptions()[0])
    .addOption(chartOptions()[1])
    .addOption(loadRestrictorOption())
    .option('--strict', 'exit with 1 for warnings, too, and if nothing reads from a vault')
    .addOption(onlyNamespaceOption())
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText(
      'after',
      examples(
        'akv-injector identity deploy/ --issuer https://oidc.example.com/ > identity.sh',
        'akv-injector identity deploy/ --issuer https://oidc.example.com/ --verify',
      ),
    )
    .action(async (files, { filename = [], issuer = [], ...options }, command: Command) => {
      const all = [...files, ...filename]
      if (all.length === 0) command.error("error: missing required argument 'file'")
      const { identity } = await import('../repository/identity/identity.ts')
      end(await identity({ files: all, issuer, ...options, ...namedNamespace(command) }))
    })
}

function addRbac(program: Command, end: End): void {
  program
    .command('rbac')
    .summary('print the Roles that enable Secret sync for these manifests')
    .description(
      'Prints a Role and a RoleBinding for each namespace, which let Secret sync sign in as the ServiceAccounts that request Secrets in these manifests: by annotations, by ExternalSecrets, and by secretObjects of SecretProviderClasses. For workloads with akv-injector.io/on-change, the Role also allows roll-outs. Whoever has the ClusterRole admin in the namespace may apply them. A Role replaces the one that the namespace has, so pass all manifests of a namespace together. Prints no Role and exits with 1 if something has a mistake.',
    )
    .argument('[file...]', 'files and folders of manifests, as for check')
    .option('-f, --filename <file>', 'the same as an argument; repeatable', append)
    .addOption(
      new Option(
        '--values <file>',
        'values of the chart: prints Roles for what sync.namespaces lists, too; - reads standard input',
      ).argParser(takeOnce),
    )
    .addOption(
      new Option(
        '--controller-namespace <name>',
        'namespace of the controller; default: the one of the values, or akv-injector',
      ).argParser(checkNamespace),
    )
    .addOption(
      new Option(
        '--watch <what>',
        'sync.watch of the chart: with namespaces, the Roles also allow to watch; default: the one of the values, or cluster',
      ).choices(watchModes),
    )
    .option('--classes', 'with --watch namespaces: the chart has sync.classes')
    .option('--external-secrets', 'with --watch namespaces: the chart has sync.externalSecrets')
    .addOption(renderOptions()[0])
    .addOption(renderOptions()[1])
    .addOption(kubeVersionOption())
    .addOption(loadRestrictorOption())
    .addOption(onlyNamespaceOption())
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText(
      'after',
      examples('akv-injector rbac deploy/ --namespace shop | kubectl apply -f -'),
    )
    .action(async (files, { filename = [], ...options }, command: Command) => {
      const all = [...files, ...filename]
      if (all.length === 0 && options.values === undefined)
        command.error("error: missing required argument 'file', or --values")
      const { rbac } = await import('../repository/rbac/rbac.ts')
      end(await rbac({ files: all, ...options, ...namedNamespace(command) }))
    })
}
