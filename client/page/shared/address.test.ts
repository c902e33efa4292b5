import { describe, expect, test } from 'vitest'
import { labUrl, pageOrigin } from './address.ts'

describe('the addresses of the page', () => {
  test.each([
    ['http://127.0.0.1:3000/', 'http://127.0.0.1:3000'],
    ['http://127.0.0.1:3000/results?run=a/b#token=c/d', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000/index.html', 'http://[::1]:3000'],
    ['https://example.org/lab/', 'https://example.org/lab'],
    ['https://example.org/lab/results', 'https://example.org/lab'],
    ['https://example.org/a/b%20c/?x=/y/', 'https://example.org/a/b%20c'],
  ])('of %s stand below %s', (documentUrl, base) => {
    expect(labUrl('/api/health', documentUrl).href).toBe(`${base}/api/health`)
    expect(labUrl('/', documentUrl).href).toBe(`${base}/`)
    expect(pageOrigin(documentUrl)).toBe(base)
  })
})
