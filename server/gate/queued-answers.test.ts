import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { finished } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { closeQueuedAnswers } from './queued-answers.ts'

let server: Server
let answers: ServerResponse[]
let closings: number[]

beforeEach(async () => {
  answers = []
  closings = []
  server = createServer((_request, answer) => {
    const index = answers.push(answer) - 1
    closings.push(0)
    answer.on('close', () => {
      closings[index] = (closings[index] ?? 0) + 1
    })
  })
  closeQueuedAnswers(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('answers that wait for their turn on a connection', () => {
  it.each(['destroy', 'resetAndDestroy', 'end'] as const)(
    'are closed when the client leaves by %s',
    async method => {
      const client = sendRequests(30)
      await expect.poll(() => answers.length).toBe(30)
      client[method]()
      await expect.poll(() => closings).toEqual(Array(30).fill(1))
    },
  )

  it('are sent in their turn, and each is closed once', async () => {
    const client = sendRequests(3)
    await expect.poll(() => answers.length).toBe(3)
    for (const answer of [...answers].reverse()) answer.end('x')
    await expect.poll(() => closings).toEqual([1, 1, 1])
    client.destroy()
    await expect.poll(openConnections).toBe(0)
    expect(closings).toEqual([1, 1, 1])
  })

  it('are also closed for code that begins to send after the client has left', async () => {
    const client = sendRequests(2)
    await expect.poll(() => answers.length).toBe(2)
    client.destroy()
    await expect.poll(() => closings).toEqual([1, 1])
    const [, queued] = answers
    if (queued === undefined) throw new Error('no second answer')
    await new Promise(resolve => finished(queued, resolve))
    expect(queued.write('x')).toBe(false)
  })

  it('are limited: beyond that, the connection is closed', async () => {
    sendRequests(65)
    await expect.poll(() => answers.length).toBe(65)
    expect(await openConnections()).toBe(1)
    sendRequests(500)
    await expect.poll(() => closings.slice(65).filter(count => count === 1).length).toBeGreaterThan(64)
    expect(await openConnections()).toBe(1)
    expect(closings.slice(0, 65)).toEqual(Array(65).fill(0))
  })
})

function sendRequests(times: number): Socket {
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  client.on('error', () => {})
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(times))
  return client
}

function openConnections(): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
  })
}
