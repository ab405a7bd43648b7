// What is charged for templates before it is spent. Whether the charges are enough, `npm run bench -- template-costs` measures.

import t from 'tap'
import { byteCostOf } from '../../../../delivery/go-template/cost.ts'
import type { FunctionName } from '../../../../delivery/go-template/model/template.ts'
import { functionArguments, maxCallBytes } from '../../../../delivery/go-template/model/template.ts'
import { parseGoTemplate } from '../../../../delivery/go-template/parse/parse.ts'
import { templateRenderer } from '../../../../delivery/go-template/render.ts'
import { countingBudget } from '../../../support/counting-budget.ts'
import {
  expensiveTexts,
  expensiveValues,
  functionCalls,
} from '../../../support/expensive-templates.ts'

/** Renders a template and sums up what was charged, in all and in the turn of the event loop with the most, in microseconds. */
async function chargesOf(template: string, value: Buffer) {
  let [turnBegan, longestTurn] = [0, 0]
  const endTurn = async () => {
    longestTurn = Math.max(longestTurn, charged.microseconds - turnBegan)
    turnBegan = charged.microseconds
  }
  const { budget, charged } = countingBudget(endTurn)
  await templateRenderer(new Map([['v', value]]), budget)(template)
  await endTurn()
  return { charged: charged.microseconds, longestTurn }
}

const names = Object.keys(functionArguments) as FunctionName[]
/** One call at a time may be charged without giving way: the largest value of the most expensive function. */
const maxTurn = maxCallBytes * Math.max(...names.map(byteCostOf))

t.test(
  'each call is charged, and no turn of the event loop has more than one large call',
  async (t) => {
    let rendered = 0
    let most = 0
    for (const [call, expression] of Object.entries(functionCalls))
      for (const [what, value] of Object.entries(expensiveValues)) {
        const template = `{{ if ${expression} }}{{ end }}`
        const { charged, longestTurn } = await chargesOf(template, value)
        if (charged === 0) t.fail(`${call} of ${what} is free`)
        if (longestTurn > maxTurn) t.fail(`${call} of ${what}: a turn of ${longestTurn} µs`)
        most = Math.max(most, longestTurn)
        rendered++
      }
    t.ok(
      rendered > 900,
      `${rendered} calls, at most ${Math.round(most)} of ${maxTurn} µs in a turn`,
    )
  },
)

t.test('parsing the longest templates is charged in small steps', async (t) => {
  let parsed = 0
  for (const [what, text] of Object.entries(expensiveTexts)) {
    const { charged, longestTurn } = await chargesOf(text, Buffer.from('x'))
    if (parseGoTemplate(text).kind === 'valid') parsed++
    t.ok(charged > text.length / 4, `${what}: ${Math.round(charged)} µs are charged`)
    t.ok(longestTurn < maxTurn, `${what}: at most ${Math.round(longestTurn)} µs in a turn`)
  }
  t.ok(parsed >= 4, `${parsed} were whole templates`)
})
