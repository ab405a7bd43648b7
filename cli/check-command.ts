import { type Command, Option } from 'commander'
import type { End } from '../command/end.ts'
import type { check as checkManifestFiles } from '../repository/check/check.ts'
import { outputForms } from '../repository/check/output/output-forms.ts'
import { examples } from './examples.ts'
import {
  append,
  chartOptions,
  envFileOption,
  loadRestrictorOption,
  namespaceOption,
  renderOptions,
  setOption,
} from './shared-options.ts'

/**
 * Adds `check`.
 *
 * @param check - runs it. The whole command line loads its code only when it runs, and check-line.ts has it at hand.
 */
export function addCheck(program: Command, end: End, check: typeof checkManifestFiles): void {
  program
    .command('check')
    .summary('show what the webhook would do with these manifests')
    .description(
      'Reports what would be injected into each pod and each workload’s pod template, whether volumes of each SecretProviderClass would be served, which Secrets each annotated ServiceAccount would get, whether each annotated Secret would be adopted, and every mistake. Prints the commands that prepare namespaces and identities for such volumes. Exits with 1 if a pod would be denied, or an object has a mistake or isn’t served, and with 2 if a file can’t be read.',
    )
    .argument('[file...]', 'files and folders of YAML or JSON manifests; - reads standard input')
    .option('-f, --filename <file>', 'the same as an argument, as in kubectl; repeatable', append)
    .addOption(namespaceOption())
    .addOption(
      new Option('-o, --output <form>', 'what to print on standard output')
        .choices(outputForms)
        .default('text'),
    )
    .addOption(renderOptions()[0])
    .addOption(renderOptions()[1])
    .addOption(chartOptions()[0])
    .addOption(chartOptions()[1])
    .addOption(loadRestrictorOption())
    .option('--strict', 'exit with 1 for warnings, too, and if there is nothing to check')
    .option('-q, --quiet', 'print only problems; with --strict, also warnings')
    .addOption(setOption())
    .addOption(envFileOption())
    .addHelpText(
      'after',
      examples(
        'akv-injector check .',
        'helm template web ./chart | akv-injector check -',
        'akv-injector check --strict --output github deploy/',
      ),
    )
    .action(async (files, { filename = [], ...options }, command: Command) => {
      const all = [...files, ...filename]
      if (all.length === 0) command.error("error: missing required argument 'file'")
      end(await check({ files: all, ...options }))
    })
}
