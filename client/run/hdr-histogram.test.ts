import fc from 'fast-check'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { expect, test } from 'vitest'
import { mergeHistograms, readHistogram, valueAt } from './hdr-histogram.ts'

const PERCENTILES = [1, 25, 50, 90, 99, 99.9, 100]

test('reads what the library writes: the same counts, and the same value at every percentile', async () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 120_000_000 }), { minLength: 1, maxLength: 300 })
  const digits = fc.constantFrom(1, 2, 3, 4)
  await fc.assert(
    fc.asyncProperty(latencies, digits, async (values, numberOfSignificantValueDigits) => {
      const written = build({ highestTrackableValue: 120_000_000, numberOfSignificantValueDigits })
      for (const value of values) written.recordValue(value)
      const read = await readHistogram(encodeIntoCompressedBase64(written))
      expect(read.total).toBe(values.length)
      for (const percentile of PERCENTILES) {
        expect(valueAt(read, percentile / 100)).toBe(written.getValueAtPercentile(percentile))
      }
    }),
    { numRuns: 40 },
  )
})

test('reads counts of many bytes', async () => {
  const written = build({ bitBucketSize: 64, highestTrackableValue: 1_000 })
  written.recordValueWithCount(5, 2 ** 40 + 1)
  written.recordValueWithCount(900, 3)
  const read = await readHistogram(encodeIntoCompressedBase64(written))
  expect(read.buckets).toEqual([
    { value: 5, count: 2 ** 40 + 1 },
    { value: 900, count: 3 },
  ])
})

test('merged histograms count what each counted', async () => {
  const parts = [
    [5, 5, 9],
    [1, 9],
  ].map(values => {
    const histogram = build({})
    for (const value of values) histogram.recordValue(value)
    return readHistogram(encodeIntoCompressedBase64(histogram))
  })
  const merged = mergeHistograms(await Promise.all(parts))
  expect(merged).toEqual({
    buckets: [
      { value: 1, count: 1 },
      { value: 5, count: 2 },
      { value: 9, count: 2 },
    ],
    total: 5,
  })
  expect(valueAt(merged, 0.5)).toBe(5)
  expect(valueAt(mergeHistograms([]), 0.5)).toBeNull()
})

test('refuses what is no histogram', async () => {
  for (const text of ['', 'AAAA', btoa('not a histogram at all'), '%'])
    await expect(readHistogram(text)).rejects.toThrow()
})
