import { expect, type TestContext, test } from 'vitest'
import { choosePinning } from '../processes/pinning.ts'
import { KNOWN_ANSWERS, type KnownAnswer } from './known-answers.ts'
import { writeOutcome } from './outcome.ts'
import { isAsInjected, takeReadings } from './take-reading.ts'

const PINNING = choosePinning()
const TIME_LIMIT_MS = 120_000

const TITLE = '$id: the bench reads what is injected, and does not read it where it is not'

test.concurrent.for(KNOWN_ANSWERS.filter(({ alone }) => !alone))(
  TITLE,
  { timeout: TIME_LIMIT_MS },
  readAnswer,
)
test.for(KNOWN_ANSWERS.filter(({ alone }) => alone))(TITLE, { timeout: TIME_LIMIT_MS }, readAnswer)

async function readAnswer(answer: KnownAnswer, context: TestContext): Promise<void> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS)
  const readings = await takeReadings(answer, { pinning: PINNING, signal }).catch((error: Error) => {
    writeOutcome(answer.id, [], error.message)
    throw error
  })
  writeOutcome(answer.id, readings)
  for (const reading of readings) {
    const told = JSON.stringify(reading)
    expect(isAsInjected(reading, reading.without), `with nothing injected: ${told}`).toBe(false)
    // Neither right nor wrong: the tolerance is the bench's claim, and a busy machine must not widen it.
    if (reading.verdict === 'too-noisy') context.skip(`too noisy to be read: ${told}`)
    expect(reading.verdict, told).toBe('as-injected')
  }
}
