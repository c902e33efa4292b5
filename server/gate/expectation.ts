import type { IncomingMessage, Server, ServerResponse } from 'node:http'

/**
 * Answers `Expect: 100-continue` as late as possible (RFC 9110 §10.1.1): with 100 only when the body begins to be read. A
 * request that its head alone decides gets its final status at once, and Node closes the connection: the client may or may
 * not still send the body, so it is unknown where its next request would begin.
 */
export function continueLate(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    request.on('newListener', goAhead)
    server.emit('request', request, response)

    function goAhead(event: string | symbol): void {
      if (event !== 'data' || response.headersSent) return
      request.off('newListener', goAhead)
      response.writeContinue()
    }
  })
}
