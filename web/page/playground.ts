import { countOf } from '../../lib/count-of.ts'
import type { Answer, CommandName, Question } from '../core/question.ts'
import type { CommandWorker, Result } from './command-worker.ts'
import type { Editor } from './editor.ts'
import type { ListedFinding } from './finding-marks.ts'
import { readSettingLines } from './settings.ts'
import { diffClass, reportClass, showLines } from './show-lines.ts'
import type { View } from './view.ts'

/** Lists no more, as the editor marks no more. */
const maxListed = 200

/** Asks the commands about what the editor has, and shows what they answer. */
export class Playground {
  readonly #view: View
  readonly #editor: Editor
  readonly #commands: CommandWorker
  #command: CommandName = 'check'
  #isRunning = false
  #isStale = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(view: View, editor: Editor, commands: CommandWorker) {
    this.#view = view
    this.#editor = editor
    this.#commands = commands
  }

  select(command: CommandName): void {
    this.#command = command
    this.changed(0)
  }

  /** Asks again, once nobody has typed for a moment. */
  changed(pauseMs = 200): void {
    this.#view.main.ariaBusy = 'true'
    this.#isStale = true
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#run(), pauseMs)
  }

  async #run(): Promise<void> {
    this.#timer = undefined
    if (this.#isRunning) return
    this.#isRunning = true
    // Somebody may type while the commands run. Then this asks again.
    while (this.#isStale && this.#timer === undefined) {
      this.#isStale = false
      await this.#askAll()
    }
    this.#isRunning = false
    if (!this.#isStale) this.#view.main.ariaBusy = 'false'
    else if (this.#timer === undefined) this.changed(0)
  }

  async #askAll(): Promise<void> {
    const { settings, wrong } = readSettingLines(this.#view.settings.value)
    if (wrong[0] !== undefined) {
      this.#show('', `“${wrong[0].slice(0, 80)}” isn’t a setting; write AKV_INJECTOR_NAME=VALUE`)
      return
    }
    const namespace = this.#view.namespace.value.trim()
    const question = { text: this.#editor.text(), namespace, settings }
    const found = await this.#ask({ ...question, command: 'findings' })
    if (found === undefined) return
    this.#showFindings(found)
    const answer = await this.#ask({ ...question, command: this.#command })
    if (answer !== undefined) this.#showAnswer(answer)
  }

  /** @returns undefined if there is no answer, and the page says why, or if the answer isn't wanted any more */
  async #ask(question: Question): Promise<Answer | undefined> {
    const result = await this.#commands.ask(question)
    if (this.#isStale) return undefined
    if (result.kind === 'answer') return result.answer
    this.#show('', explain(result))
    this.#listFindings([])
    return undefined
  }

  #showFindings({ stdout, stderr }: Answer): void {
    // Without a report, such as with an invalid setting, standard error says why.
    const report = stdout === '' ? undefined : JSON.parse(stdout)
    this.#listFindings(report?.findings ?? [])
    this.#view.status.textContent =
      report === undefined
        ? stderr
        : [
            `${countOf(report.sums.pods, 'pod')} checked`,
            countOf(report.sums.problems, 'problem'),
            countOf(report.sums.warnings, 'warning'),
          ].join(', ')
  }

  #listFindings(findings: readonly ListedFinding[]): void {
    const listed = findings.filter(({ severity }) => severity !== 'note').slice(0, maxListed)
    this.#editor.show(listed)
    this.#view.findings.hidden = listed.length === 0
    this.#view.findingList.replaceChildren(...listed.map((finding) => this.#item(finding)))
  }

  #item({ severity, message, line }: ListedFinding): HTMLElement {
    const item = document.createElement('li')
    const button = document.createElement('button')
    button.type = 'button'
    button.className = `is-${severity}`
    button.textContent = `${line === undefined ? '' : `line ${line}: `}${severity}: ${message}`
    if (line !== undefined) button.addEventListener('click', () => this.#editor.goTo(line))
    item.append(button)
    return item
  }

  #showAnswer({ stdout, stderr }: Answer): void {
    const isDiff = this.#command === 'difference' || this.#command === 'migrate'
    showLines(this.#view.output, stdout || nothing, isDiff ? diffClass : reportClass)
    showLines(this.#view.notes, stderr, () => '')
    this.#view.notes.hidden = stderr === ''
  }

  #show(output: string, status: string): void {
    this.#showAnswer({ exitCode: 0, stdout: output, stderr: '' })
    this.#view.status.textContent = status
  }
}

const nothing = '(nothing)'

const explain = (result: Exclude<Result, { readonly kind: 'answer' }>): string =>
  result.kind === 'ended'
    ? 'This input takes more than a second here, so the check was ended. Run akv-injector check on your machine.'
    : `The page has made a mistake: ${result.reason}. Please report it.`
