import { expect, type TestContext, test } from 'vitest'
import { choosePinning } from '../processes/pinning.ts'
import { KNOWN_ANSWERS, type KnownAnswer } from './known-answers.ts'
import { writeOutcome } from './outcome.ts'
import { isAsInjected, takeReadings } from './take-reading.ts'

const PINNING = choosePinning()
const TIME_LIMIT_MS = 120_000

const TITLE = '$title: the bench reads that, and without it does not'

test.concurrent.for(KNOWN_ANSWERS.filter(({ alone }) => !alone))(
  TITLE,
  { timeout: TIME_LIMIT_MS },
  readAnswer,
)
test.for(KNOWN_ANSWERS.filter(({ alone }) => alone))(TITLE, { timeout: TIME_LIMIT_MS }, readAnswer)

async function readAnswer(answer: KnownAnswer, context: TestContext): Promise<void> {
  const { id, title } = answer
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  const readings = await takeReadings(answer, { pinning: PINNING, signal }).catch((error: Error) => {
    writeOutcome({ id, title, readings: [], failure: error.message })
    throw error
  })
  writeOutcome({ id, title, readings })
  for (const reading of readings) {
    const told = JSON.stringify(reading)
    expect(isAsInjected(reading, reading.without), `without the injectedFault: ${told}`).toBe(false)
    // Neither right nor wrong: the tolerance is the bench's claim, and a busy machine must not widen it.
    if (reading.verdict === 'too noisy') context.skip(`too noisy to be read: ${told}`)
    expect(reading.verdict, told).toBe('as injected')
  }
}
