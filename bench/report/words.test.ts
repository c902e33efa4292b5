import { expect, test } from 'vitest'
import { hasSentence, metricTitle, scenarioText } from '../../client/run/text/en.ts'
import { UNREADABLE_CODES } from '../../server/protocol/run.ts'
import { FACT_CODES } from '../facts.ts'
import { CHECK_CODES } from '../judge/checks.ts'
import { METRIC_IDS } from '../scenarios/metrics.ts'
import { SCENARIO_IDS } from '../scenarios/scenario.ts'

test('each fact that the bench or the server can state has a sentence', () => {
  expect([...CHECK_CODES, ...FACT_CODES, ...UNREADABLE_CODES].filter(code => !hasSentence(code))).toEqual([])
})

test('each metric has a title, and each scenario a title and a question', () => {
  expect(METRIC_IDS.filter(id => metricTitle(id) === id.replaceAll('-', ' '))).toEqual([])
  expect(SCENARIO_IDS.filter(id => scenarioText(id).question === undefined)).toEqual([])
})
